// On-call: choose a time on the line of a schedule with a pointer, a finger or keys; say what it would change; try layers while they are written.
// Without it, the forms on the pages do the same.

const MINUTES = 24 * 60;
const HOLD = 350; // milliseconds after which a finger that rests chooses instead of scrolling
const sheet = document.getElementById("sheet");

// -- a time line -------------------------------------------------------------------------------------

function two(number) {
  return String(number).padStart(2, "0");
}

/** The wall time that lies so many minutes after the first day's midnight, as a form has it. Wall times have no zone, so UTC stands in for the clock. */
function wall(first, minutes) {
  const at = new Date(Date.parse(`${first}T00:00Z`) + minutes * 60000);
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}T${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
function said(text) {
  const at = new Date(`${text}Z`);
  return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${text.slice(11)}`;
}

function say(text) {
  document.dispatchEvent(new CustomEvent("tocsin:say", { detail: text }));
}

class Line {
  constructor(element) {
    this.element = element;
    const table = element.closest("[data-days]");
    this.days = Number(table.dataset.days);
    this.first = table.dataset.first;
    this.step = this.days <= 7 ? 30 : this.days <= 14 ? 60 : 180;
    this.all = this.days * MINUTES;
    this.from = null;
    this.to = null;
    this.svg = null;
  }

  at(x) {
    const box = this.element.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (x - box.left) / box.width));
    return Math.round((part * this.all) / this.step) * this.step;
  }

  /** Minutes of the chosen stretch, in order; at least one step long. */
  get span() {
    const [start, end] = [Math.min(this.from, this.to), Math.max(this.from, this.to)];
    return [Math.min(start, this.all - this.step), Math.max(end, start + this.step)];
  }

  draw() {
    if (!this.svg) {
      const NS = "http://www.w3.org/2000/svg";
      this.svg = document.createElementNS(NS, "svg");
      this.svg.setAttribute("class", "drag-svg");
      this.svg.setAttribute("aria-hidden", "true");
      this.box = document.createElementNS(NS, "rect");
      this.box.setAttribute("class", "drag-box");
      this.box.setAttribute("y", "1");
      this.box.setAttribute("height", "38");
      this.box.setAttribute("rx", "3");
      this.label = document.createElementNS(NS, "text");
      this.label.setAttribute("class", "drag-label");
      this.label.setAttribute("y", "14");
      this.svg.append(this.box, this.label);
    }
    if (!this.svg.isConnected) this.element.append(this.svg);
    const [start, end] = this.span;
    this.box.setAttribute("x", `${(100 * start) / this.all}%`);
    this.box.setAttribute("width", `${(100 * (end - start)) / this.all}%`);
    const right = start > this.all * 0.7;
    this.label.setAttribute("x", `${(100 * (right ? end : start)) / this.all}%`);
    this.label.setAttribute("dx", right ? "-4" : "4");
    this.label.setAttribute("text-anchor", right ? "end" : "start");
    this.label.textContent = `${said(wall(this.first, start))} to ${said(wall(this.first, end))}`;
  }

  clear() {
    this.svg?.remove();
    this.from = this.to = null;
  }

  open() {
    if (!sheet || this.from === null) return;
    const [start, end] = this.span;
    const form = sheet.querySelector("form");
    form.elements.start.value = wall(this.first, start);
    form.elements.end.value = wall(this.first, end);
    form.elements.role.value = this.element.dataset.role ?? "";
    sheet.line = this;
    sheet.showModal();
    form.elements.person.focus();
    tell(form);
  }
}

const lines = new WeakMap();
function lineOf(element) {
  if (!lines.has(element)) lines.set(element, new Line(element));
  return lines.get(element);
}

// One drag at a time. A mouse chooses at once, a finger after it has rested; then the page does not scroll.
let drag = null;

function held(event) {
  if (drag?.active) event.preventDefault();
}
document.addEventListener("touchmove", held, { passive: false });

document.addEventListener("pointerdown", (event) => {
  const element = event.target.closest?.("[data-lane]");
  if (!element || event.button !== 0 || drag) return;
  const line = lineOf(element);
  drag = { line, id: event.pointerId, x: event.clientX, y: event.clientY, active: false };
  const begin = () => {
    drag.active = true;
    element.classList.add("is-held");
    line.from = line.to = line.at(drag.x);
    line.draw();
  };
  if (event.pointerType === "touch") {
    drag.timer = setTimeout(() => {
      if (!drag) return;
      navigator.vibrate?.(10);
      begin();
    }, HOLD);
  } else {
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    begin();
  }
});

document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  if (!drag.active) {
    if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 10) stop();
    return;
  }
  drag.line.to = drag.line.at(event.clientX);
  drag.line.draw();
});

function stop() {
  clearTimeout(drag?.timer);
  drag?.line.element.classList.remove("is-held");
  drag = null;
}

document.addEventListener("pointerup", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  const { line, active, x } = drag;
  stop();
  if (!active) return;
  line.to = line.at(event.clientX);
  if (Math.abs(event.clientX - x) < 4) return line.clear(); // a click chooses nothing
  line.draw();
  line.open();
});
document.addEventListener("pointercancel", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  drag.line.clear();
  stop();
});
document.addEventListener("contextmenu", (event) => drag?.active && event.preventDefault());

document.addEventListener("keydown", (event) => {
  const element = event.target.closest?.("[data-lane]");
  if (!element) return;
  const line = lineOf(element);
  if (event.key === "Escape") return line.clear();
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return line.open();
  }
  const by = { ArrowRight: line.step, ArrowLeft: -line.step, ArrowDown: MINUTES, ArrowUp: -MINUTES, PageDown: 7 * MINUTES, PageUp: -7 * MINUTES }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  if (line.from === null) {
    const now = element.querySelector(".lane-now");
    const start = now ? Math.round((parseFloat(now.getAttribute("x1")) / 100) * (line.all / line.step)) * line.step : 0;
    line.from = start;
    line.to = start + line.step;
  } else if (event.shiftKey) {
    line.to = Math.min(line.all, Math.max(line.from + line.step, line.to + by));
  } else {
    const length = line.to - line.from;
    line.from = Math.min(line.all - length, Math.max(0, line.from + by));
    line.to = line.from + length;
  }
  line.draw();
  const [start, end] = line.span;
  say(`${said(wall(line.first, start))} to ${said(wall(line.first, end))}`);
});

sheet?.addEventListener("close", () => {
  sheet.line?.clear();
  sheet.line?.element.focus({ preventScroll: true });
});
sheet?.querySelector("[data-close]")?.addEventListener("click", () => sheet.close());
sheet?.addEventListener("click", (event) => event.target === sheet && sheet.close());

// -- what it would change ----------------------------------------------------------------------------

let asked = 0;
async function tell(form) {
  const place = form.querySelector(".effect");
  const button = form.querySelector("[data-effect-button]");
  const values = new URLSearchParams(new FormData(form));
  for (const name of ["csrf", "nonce"]) values.delete(name);
  if (!values.get("start") || !values.get("end")) return;
  const mine = ++asked;
  try {
    const answer = await fetch(`${form.dataset.effect}?${values}`, { headers: { accept: "text/html" } });
    const text = await answer.text();
    if (mine !== asked || !answer.ok) return;
    const found = new DOMParser().parseFromString(text, "text/html");
    place.replaceChildren(...found.body.childNodes);
    const named = place.querySelector("[data-button]")?.dataset.button;
    if (named) button.textContent = named;
    button.disabled = Boolean(place.querySelector("[data-bad]"));
  } catch {
    place.textContent = ""; // the network is away: the server says it after sending
  }
}

const waiting = new WeakMap();
function soon(form, work, delay = 200) {
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(work, delay));
}

for (const form of document.querySelectorAll("form[data-effect]")) {
  form.addEventListener("input", () => soon(form, () => tell(form)));
  form.addEventListener("change", () => soon(form, () => tell(form)));
  if (!form.closest("dialog") && form.elements.start.value) tell(form);
}

// -- layers, while they are written ------------------------------------------------------------------

for (const form of document.querySelectorAll("form[data-preview]")) {
  const place = document.getElementById("preview");
  let tried = 0;
  const show = async () => {
    const mine = ++tried;
    try {
      const values = new URLSearchParams(new FormData(form));
      if (values.has("part")) values.set("part", "1"); // only the part that shows it
      const answer = await fetch(form.dataset.preview, { method: "POST", body: values, headers: { accept: "text/html" } });
      const text = await answer.text();
      if (mine !== tried || !answer.ok) return;
      place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    } catch {
      // as above
    }
  };
  form.addEventListener("input", () => soon(form, show, 350));
  form.addEventListener("change", () => soon(form, show, 350));
}
