// Lists in which several things can be ticked: tick all, how many, and what can be done with them as soon as one is.

const form = () => document.querySelector("[data-bulk-form]");

function count() {
  const here = form();
  if (!here) return;
  const boxes = [...here.querySelectorAll(".tick input")];
  const ticked = boxes.filter((one) => one.checked).length;
  here.classList.toggle("some", ticked > 0);
  const number = here.querySelector("[data-bulk-number]");
  if (number) number.textContent = ticked ? `${ticked} ticked` : "";
  const all = here.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".tick input");
  if (!box) return;
  if (event.shiftKey && last?.isConnected) {
    const boxes = [...form().querySelectorAll(".tick input")];
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  }
  last = box;
  count();
});
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-tick-all]")) return;
  for (const one of form().querySelectorAll(".tick input")) one.checked = event.target.checked;
  count();
});

// What was ticked stays so when the list is fetched anew.
let kept = new Set();
const remember = () => (kept = new Set([...document.querySelectorAll(".tick input:checked")].map((one) => one.value)));
document.addEventListener("change", () => queueMicrotask(remember));
document.addEventListener("click", () => queueMicrotask(remember));
function restore() {
  for (const one of document.querySelectorAll(".tick input")) one.checked = kept.has(one.value);
  count();
}
document.addEventListener("tocsin:fresh", restore);
document.addEventListener("htmx:after:swap", restore);
count();
