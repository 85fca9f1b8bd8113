// The search: arrows go through what was found, Enter opens it. The results themselves follow the typing by htmx.
const form = document.querySelector(".search-form");
const field = document.querySelector(".search-words");
const found = document.getElementById("found");

/** Everything that can be opened, in reading order. */
const places = () => [...found.querySelectorAll(".found-head, .hit, .found-more")];

/** Go so many places on; before the first one stands the field. */
function go(step) {
  const all = places();
  const at = all.indexOf(document.activeElement);
  const next = at + step;
  if (next < 0) {
    field.focus();
    return true;
  }
  if (next >= all.length) return false;
  all[next].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const inside = event.target === field || found.contains(event.target);
  if (!inside) return;
  if (event.key === "ArrowDown" && go(1)) event.preventDefault();
  if (event.key === "ArrowUp" && event.target !== field && go(-1)) event.preventDefault();
  if (event.key === "Escape" && event.target !== field) field.focus();
});

// Enter in the field asks once more and goes to the first result, so that a second Enter opens it.
let entered = false;
form.addEventListener("submit", () => (entered = true));
document.addEventListener("htmx:after:swap", () => {
  const text = field.value.trim();
  document.title = `${text ? `${text} · ` : ""}Search · Tocsin`;
  if (entered) places()[0]?.focus();
  entered = false;
});

// Who comes back to a search goes on with it: the words stand marked, ready to be typed over.
if (field.value && !location.hash) field.select();
