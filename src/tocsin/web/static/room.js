// The room: new lines find their place in the timeline without moving what is read, earlier ones are fetched when they are wanted, a line's
// own sheet opens over the page, and whoever has the room open is shown to the others. Without it every link and form still works.

const page = document.querySelector(".room-page");
const timeline = document.getElementById("timeline");
const scroller = document.querySelector(".scroller");
const pill = document.getElementById("pill");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let unseen = 0;

const atEnd = () => Math.abs(scroller.scrollTop) < 80 || scroller.scrollHeight <= scroller.clientHeight + 80;
const rows = () => [...timeline.children].filter((one) => one.dataset.order);

// -- lines that came ---------------------------------------------------------------------------------------------------------------------

document.addEventListener("tocsin:fresh", (event) => {
  if (event.detail.querySelector(".room-page[data-gap]")) return location.reload(); // too much was missed to be mended
  const came = [...event.detail.querySelectorAll("#timeline > .row")];
  if (came.length) merge(came);
});

function merge(came) {
  const following = atEnd();
  const anchor = following ? null : firstVisible();
  const top = anchor?.getBoundingClientRect().top;
  const newest = !document.querySelector(".later");
  const first = document.querySelector("[data-earlier]") ? rows()[0]?.dataset.order : "";
  let added = 0;
  let beyond = 0;
  let words = "";
  for (const row of came) {
    const known = document.getElementById(row.id);
    if (known && known.closest(".inner")) continue; // a quiet line that lies folded already
    if (known && known.dataset.order === row.dataset.order) {
      keepOpen(known, row);
      known.replaceWith(row);
      continue;
    }
    known?.remove(); // it was corrected to another time
    if (first && row.dataset.order < first) continue; // it belongs further back than what is shown
    const next = rows().find((one) => one.dataset.order > row.dataset.order);
    if (!next && !newest) {
      beyond += 1;
      continue;
    }
    timeline.insertBefore(row, next ?? null);
    row.classList.add("new");
    added += 1;
    words = row.textContent.replace(/\s+/g, " ").trim();
  }
  document.querySelector(".empty-line")?.remove();
  if (anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - top;
  else if (following) scroller.scrollTop = 0;
  if (added) document.dispatchEvent(new CustomEvent("tocsin:say", { detail: added === 1 ? words : `${added} new entries` }));
  if (beyond || (added && !following)) tell(unseen + added + beyond);
}

function keepOpen(known, row) {
  const open = new Set([...known.querySelectorAll("details[id][open]")].map((one) => one.id));
  for (const one of row.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
}

function firstVisible() {
  const edge = scroller.getBoundingClientRect().top;
  return rows().find((row) => row.getBoundingClientRect().bottom > edge);
}

function tell(number) {
  unseen = number;
  pill.hidden = !number;
  pill.textContent = `${number} new`;
}

pill?.addEventListener("click", () => {
  const away = document.querySelector(".later a");
  if (away) return (location.href = away.href);
  scroller.scrollTo({ top: 0, behavior: calm.matches ? "auto" : "smooth" });
  tell(0);
});
scroller?.addEventListener("scroll", () => unseen && atEnd() && tell(0), { passive: true });

// -- earlier lines, when somebody goes back that far ----------------------------------------------------------------------------------------

async function earlier(link) {
  if (link.dataset.busy) return;
  link.dataset.busy = "1";
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return (location.href = link.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const height = scroller.scrollHeight;
    const place = scroller.scrollTop;
    timeline.prepend(...[...fresh.querySelectorAll("#timeline > .row")].filter((row) => !document.getElementById(row.id)));
    const next = fresh.querySelector(".earlier");
    const old = document.querySelector(".earlier");
    if (next) old.replaceWith(next);
    else old.remove();
    // A reversed column counts from its end, so that what is read stays; an engine that does not is helped.
    if (scroller.scrollTop !== place) scroller.scrollTop = place + (place > 0 ? scroller.scrollHeight - height : 0);
    watch();
  } catch {
    delete link.dataset.busy; // the network is away; the link stays
    link.removeAttribute("aria-busy");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-earlier]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  earlier(link);
});
const eye = scroller && new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && scroller.scrollTop !== 0 && earlier(seen[0].target), { root: scroller, rootMargin: "300px 0px 0px 0px" });
function watch() {
  eye?.disconnect();
  const link = document.querySelector("[data-earlier]");
  if (link) eye?.observe(link);
}
watch();

// -- a line's own sheet ----------------------------------------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-sheet]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const sheet = fresh.getElementById("sheet");
    if (!answer.ok || !sheet) return (location.href = link.href);
    open(sheet, link);
  } catch {
    location.href = link.href;
  }
});

function open(sheet, from) {
  document.getElementById("sheet-dialog")?.remove();
  const dialog = document.createElement("dialog");
  dialog.id = "sheet-dialog";
  dialog.className = "sheet-dialog";
  const title = sheet.querySelector("h1");
  title.id = "sheet-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet sheet-close";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(close, sheet);
  dialog.addEventListener("close", () => {
    dialog.remove();
    (from.isConnected ? from : scroller).focus({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  document.dispatchEvent(new CustomEvent("tocsin:forms", { detail: dialog }));
  dialog.showModal();
}

// -- pinned lines and parts that a phone shows under another heading --------------------------------------------------------------------------

function segment(name) {
  const one = document.getElementById(`seg-${name}`);
  if (one) one.checked = true;
}

document.addEventListener("click", (event) => {
  const pin = event.target.closest?.("a[data-to]");
  const row = pin && document.getElementById(pin.dataset.to);
  if (row) {
    event.preventDefault();
    const fold = row.closest("details");
    if (fold) fold.open = true;
    row.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    row.classList.remove("found");
    requestAnimationFrame(() => row.classList.add("found"));
    return;
  }
  const link = event.target.closest?.("a[data-seg]");
  const target = link && document.getElementById(decodeURIComponent(new URL(link.href).hash.slice(1)));
  if (!target) return;
  event.preventDefault();
  segment(link.dataset.seg);
  const more = target.tagName === "DETAILS" ? target : target.querySelector("details");
  if (more) more.open = true;
  target.scrollIntoView({ block: "center" });
  target.querySelector("summary")?.focus({ preventScroll: true });
});
document.addEventListener("tocsin:key", (event) => {
  const one = event.target;
  if (one.dataset.seg) segment(one.dataset.seg);
  if (one.matches("#composer input")) segment("timeline");
  if (one.matches("summary") && one.parentElement.open && !one.closest(".menu")) {
    event.preventDefault(); // open already: go there instead of closing it
    one.scrollIntoView({ block: "nearest" });
    (one.parentElement.querySelector("button:not([disabled]), input:not([type=hidden])") ?? one).focus();
  }
});

// -- the slider tells the time while it is moved, and goes there when it is let go -------------------------------------------------------------

const slider = document.querySelector("#slider [type=range]");
if (slider) {
  const { start, bend, coarse } = slider.dataset;
  const minutes = () => Math.min(slider.value, bend) + Math.max(0, slider.value - bend) * coarse; // a minute a step until it was resolved
  const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  slider.addEventListener("input", () => {
    const at = new Date(Date.parse(start) + minutes() * 60000);
    const text = `${at.toISOString().slice(0, 10) === start.slice(0, 10) ? "" : `${days.format(at)} `}${at.toISOString().slice(11, 16)} UTC`;
    slider.form.querySelector("output").textContent = text;
    slider.setAttribute("aria-valuetext", text);
  });
  slider.addEventListener("change", () => slider.form.requestSubmit());
  slider.form.addEventListener("change", (event) => event.target.name === "reading" && slider.form.requestSubmit());
}

// -- who is here now ---------------------------------------------------------------------------------------------------------------------------

const EVERY = 30000;
const list = document.getElementById("present-people");
if (list && page.dataset.room) {
  const url = `/incidents/${encodeURIComponent(page.dataset.room)}/presence`;
  const body = (more = {}) => new URLSearchParams({ csrf: page.dataset.csrf, ...more });
  let last = 0;
  const post = async () => {
    if (document.hidden || Date.now() - last < 1000) return;
    last = Date.now();
    try {
      const answer = await fetch(url, { method: "POST", body: body(), credentials: "same-origin", headers: { accept: "application/json" } });
      if (answer.ok && !answer.redirected) show((await answer.json()).here);
    } catch {
      // nobody is told; the next turn tells
    }
  };
  const show = (people) => {
    const names = people.map((one) => one.name).join("\n");
    if (list.dataset.names === names) return;
    list.dataset.names = names;
    document.getElementById("present-count").textContent = people.length;
    list.replaceChildren(
      ...people.map((one) => {
        const item = document.createElement("li");
        const name = document.createElement("bdi");
        name.textContent = one.name;
        if (one.name !== one.id) name.title = one.id;
        item.append(name);
        if (one.id === page.dataset.me) item.append(" (you)");
        return item;
      }),
    );
  };
  post();
  setInterval(post, EVERY);
  document.addEventListener("visibilitychange", () => !document.hidden && post());
  window.addEventListener("pagehide", () => navigator.sendBeacon(url, body({ gone: "yes" })));
  window.addEventListener("pageshow", (event) => event.persisted && post());
}

// -- asking people in: names are found while they are typed, and the button says whom it pages ----------------------------------------------------

function asking() {
  const form = document.getElementById("invite-form");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "1";
  const field = document.getElementById("invite-who");
  const place = document.getElementById("invite-found");
  const chips = document.getElementById("chosen-people");
  const press = document.getElementById("invite-do");
  let timer = 0;
  let asked = 0;
  const typed = () => field.value.split(/[,;]/).map((one) => one.trim()).filter(Boolean);
  const chosen = () => [...chips.querySelectorAll("input[name=person]")].map((one) => one.value);
  const effect = () => {
    const all = [...new Set([...chosen(), ...typed()])];
    press.textContent = all.length === 1 ? `Page ${chips.querySelector("bdi")?.textContent ?? all[0]}` : all.length ? `Page ${all.length} people` : "Page them";
  };
  field.addEventListener("input", () => {
    effect();
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const text = field.value.split(/[,;]/).pop().trim();
      if (!text) return place.replaceChildren();
      try {
        const answer = await fetch(`${form.dataset.people}?${new URLSearchParams({ q: text })}`, { credentials: "same-origin" });
        if (!answer.ok || mine !== asked) return;
        const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("found-people");
        if (found) place.replaceChildren(found);
      } catch {
        // offline: the name as typed will do
      }
    }, 150);
  });
  form.addEventListener("click", (event) => {
    const person = event.target.closest(".found-person");
    if (person && !chosen().includes(person.dataset.person)) {
      const item = document.createElement("li");
      const value = Object.assign(document.createElement("input"), { type: "hidden", name: "person", value: person.dataset.person });
      const name = document.createElement("bdi");
      name.textContent = person.dataset.name;
      const out = Object.assign(document.createElement("button"), { type: "button", className: "quiet icon-button", textContent: "×" });
      out.setAttribute("aria-label", `Not ${person.dataset.name}`);
      out.addEventListener("click", () => {
        item.remove();
        chips.hidden = !chips.children.length;
        effect();
        field.focus();
      });
      item.append(value, name, out);
      chips.append(item);
    }
    if (person) {
      chips.hidden = false;
      const before = field.value.split(/[,;]/).slice(0, -1).map((one) => one.trim()).filter(Boolean);
      field.value = before.length ? `${before.join(", ")}, ` : "";
      place.replaceChildren();
      effect();
      field.focus();
    }
  });
}
asking();
document.addEventListener("tocsin:fresh", asking);
