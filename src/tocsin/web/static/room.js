// The room: new entries find their place in the timeline without moving what is read, and a pill tells of those out of sight.

const timeline = document.getElementById("timeline");
const scroller = document.querySelector(".scroller");
const pill = document.getElementById("pill");
let unseen = 0;

const atEnd = () => Math.abs(scroller.scrollTop) < 80 || scroller.scrollHeight <= scroller.clientHeight + 80;

document.addEventListener("tocsin:fresh", (event) => {
  const rows = [...event.detail.querySelectorAll("#timeline > .row")];
  if (!rows.length) return;
  const following = atEnd();
  const anchor = following ? null : firstVisible();
  const top = anchor?.getBoundingClientRect().top;
  let added = 0;
  let words = "";
  for (const row of rows) {
    const known = document.getElementById(row.id);
    if (known) {
      known.replaceWith(row);
      continue;
    }
    const next = [...timeline.children].find((one) => one.dataset.order > row.dataset.order);
    timeline.insertBefore(row, next ?? null);
    row.classList.add("new");
    added += 1;
    words = row.textContent.replace(/\s+/g, " ").trim();
  }
  if (anchor) scroller.scrollTop += anchor.getBoundingClientRect().top - top;
  else scroller.scrollTop = 0;
  if (!added) return;
  document.dispatchEvent(new CustomEvent("tocsin:say", { detail: added === 1 ? words : `${added} new entries` }));
  if (!following) tell(unseen + added);
});

function firstVisible() {
  const edge = scroller.getBoundingClientRect().top;
  return [...timeline.children].find((row) => row.getBoundingClientRect().bottom > edge);
}

function tell(number) {
  unseen = number;
  pill.hidden = !number;
  pill.textContent = `${number} new`;
}

pill?.addEventListener("click", () => {
  scroller.scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  tell(0);
});
scroller?.addEventListener("scroll", () => unseen && atEnd() && tell(0), { passive: true });

// An entry is one line until it is longer; Enter logs it, Shift and Enter begin a new line (on a keyboard, not on a phone).
const text = document.querySelector("#composer textarea");
if (text) {
  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    text.style.blockSize = "auto";
    text.style.blockSize = `${text.scrollHeight + 2}px`;
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  });
  // The chosen kind stays chosen for the next entry.
  const key = `tocsin:kind:${text.form.dataset.draft}`;
  const kinds = [...text.form.querySelectorAll("input[name=kind]")];
  try {
    const last = kinds.find((one) => one.value === sessionStorage.getItem(key));
    if (last && !document.getElementById("problem")) last.checked = true;
    text.form.addEventListener("change", () => sessionStorage.setItem(key, kinds.find((one) => one.checked)?.value ?? ""));
  } catch {
    // no storage
  }
  if (location.hash.startsWith("#f") && matchMedia("(pointer: fine)").matches) text.focus({ preventScroll: true });
}

// Links to a part that a phone shows under another heading open that heading.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-seg]");
  const target = link && document.getElementById(decodeURIComponent(new URL(link.href).hash.slice(1)));
  if (!target) return;
  event.preventDefault();
  document.getElementById(`seg-${link.dataset.seg}`).checked = true;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView({ block: "center" });
  target.querySelector("summary")?.focus({ preventScroll: true });
});

// The slider tells the time while it is moved, and goes there when it is let go.
const slider = document.querySelector("#slider [type=range]");
if (slider) {
  const at = () => new Date(Date.parse(slider.dataset.start) + slider.value * 60000);
  slider.addEventListener("input", () => (slider.form.querySelector("output").textContent = `${at().toISOString().slice(11, 16)} UTC`));
  slider.addEventListener("change", () => slider.form.requestSubmit());
  slider.form.addEventListener("change", (event) => event.target.name === "reading" && slider.form.requestSubmit());
}
