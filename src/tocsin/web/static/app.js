// What every page does beyond its HTML: running figures, local times, drafts, keys, menus. Without it everything still works.

const root = document.documentElement;
root.classList.add("scripted");
const skew = Date.parse(root.dataset.now) - Date.now();
let frozen = "virtual" in root.dataset ? Date.parse(root.dataset.now) : null;

/** The server's time in milliseconds. A set clock stands still until the page is told otherwise. */
function now() {
  return frozen ?? Date.now() + skew;
}

document.addEventListener("tocsin:now", (event) => {
  if (frozen !== null) frozen = event.detail;
  tick();
});

function two(number) {
  return String(number).padStart(2, "0");
}

/** The same figures as web/shown.py writes. */
function clock(seconds) {
  const s = Math.floor(Math.abs(seconds));
  if (s < 3600) return `${two(Math.floor(s / 60))}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return `${Math.floor(s / 86400)} d ${two(Math.floor((s % 86400) / 3600))}:${two(Math.floor((s % 3600) / 60))}`;
}

function tick() {
  if (document.body.classList.contains("past")) return; // the page shows another moment, and its figures are that moment's
  const at = now();
  for (const one of document.querySelectorAll("time[data-count]")) {
    const there = Date.parse(one.dateTime);
    if (one.dataset.count === "up") {
      set(one, clock((at - there) / 1000));
      continue;
    }
    const passed = there <= at;
    set(one, passed ? `${clock((at - there) / 1000)} late` : `in ${clock((there - at) / 1000)}`);
    if (passed && !one.classList.contains("past")) {
      one.classList.add("past");
      const name = one.closest(".duty, .board-next")?.querySelector(".duty-name, dt")?.textContent;
      if (name) say(`Overdue: ${name.trim()}`);
    }
  }
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let spoken = "";
function say(text) {
  if (text === spoken) return;
  spoken = text;
  document.getElementById("said").textContent = text;
}
document.addEventListener("tocsin:say", (event) => say(event.detail));

if (document.querySelector("time[data-count]") || document.querySelector("[data-feed]")) {
  tick();
  setInterval(() => document.hidden || tick(), 1000);
  document.addEventListener("visibilitychange", tick);
}

// Times: UTC on the page, the viewer's own zone on hover or tap.
const local = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
document.addEventListener("pointerover", (event) => {
  const time = event.target.closest?.("time[datetime]");
  if (time && !time.dataset.local) {
    time.dataset.local = "1";
    time.title = `${time.title || time.dateTime}\n${local.format(Date.parse(time.dateTime))} here`;
  }
});

// Drafts: what was typed survives a closed tab, until it has been sent.
const SENT = "tocsin:sent";
const fieldsOf = (form) => [...form.elements].filter((e) => e.name && !["hidden", "password", "submit", "radio", "checkbox"].includes(e.type) && e.tagName !== "BUTTON" && e.tagName !== "FIELDSET");

function store(work) {
  try {
    return work(localStorage);
  } catch {
    return null; // storage is off; the form works all the same
  }
}

const refused = document.getElementById("problem");
store((kept) => {
  const sent = kept.getItem(SENT);
  if (sent && !refused) kept.removeItem(`tocsin:draft:${sent}`);
  kept.removeItem(SENT);
});
for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `tocsin:draft:${form.dataset.draft}`;
  const draft = store((kept) => JSON.parse(kept.getItem(key) ?? "null"));
  if (draft && !refused) {
    for (const field of fieldsOf(form)) {
      if (field.name in draft && field.value === field.defaultValue) field.value = draft[field.name];
    }
  }
  form.addEventListener("input", () => {
    const values = Object.fromEntries(fieldsOf(form).filter((f) => f.value !== f.defaultValue).map((f) => [f.name, f.value]));
    store((kept) => (Object.keys(values).length ? kept.setItem(key, JSON.stringify(values)) : kept.removeItem(key)));
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "preview") store((kept) => kept.setItem(SENT, form.dataset.draft));
  });
}
refused?.focus({ preventScroll: false });

// One press sends once: the button waits for the answer. The nonce in the form keeps a repeat from counting twice anyway.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) return;
  const form = event.target;
  if (form.dataset.sending) return event.preventDefault();
  form.dataset.sending = "1";
  setTimeout(() => delete form.dataset.sending, 4000);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending));

// Menus close when one clicks or tabs elsewhere, and by Escape, which gives the focus back.
const menus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("pointerdown", (event) => menus().forEach((menu) => menu.contains(event.target) || (menu.open = false)));
document.addEventListener("focusin", (event) => menus().forEach((menu) => menu.contains(event.target) || (menu.open = false)));

// Keys. They never act inside a field, and can be switched off in the list that `?` opens.
const off = () => store((kept) => kept.getItem("tocsin:keys") === "off");
let before = "";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey && event.key === "Enter" && event.target.tagName === "TEXTAREA") return event.target.form?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "?") return keyList();
  if (off()) return;
  const first = before;
  before = event.key;
  if (first === "g") {
    const to = { n: "/", i: "/incidents", p: "/playbooks", a: "/alerts" }[event.key];
    before = "";
    if (to) location.href = to;
    return;
  }
  if (event.key === "g") return;
  const kind = [...document.querySelectorAll("#composer input[data-key]")].find((one) => one.dataset.key === event.key);
  if (kind) {
    event.preventDefault();
    kind.checked = true;
    document.getElementById("seg-timeline").checked = true;
    document.querySelector("#composer textarea").focus();
  } else if (event.key === "u" && document.getElementById("tell")) {
    event.preventDefault();
    const tell = document.getElementById("tell");
    tell.open = true;
    tell.querySelector("a")?.focus();
  } else if (event.key === "/" && document.querySelector("[role=search] input")) {
    event.preventDefault();
    document.querySelector("[role=search] input").focus();
  } else if (event.key === "c") {
    location.href = "/declare";
  }
});

function keyList() {
  const dialog = document.createElement("dialog");
  const rows = [["g n", "What is going on now"], ["g i", "Incidents"], ["g a", "Alerts"], ["g p", "Playbooks"], ["c", "Declare an incident"], ["/", "Filter the list"]];
  for (const one of document.querySelectorAll("#composer input[data-key]")) {
    if (one.dataset.key) rows.push([one.dataset.key, `Log: ${one.nextElementSibling.textContent}`]);
  }
  if (document.getElementById("tell")) rows.push(["u", "Tell an audience"]);
  rows.push(["Ctrl Enter", "Send what is being typed"]);
  const title = document.createElement("h2");
  title.textContent = "Keys";
  const list = document.createElement("dl");
  list.className = "key-table";
  for (const [keys, says] of rows) {
    const name = document.createElement("dt");
    for (const part of keys.split(" ")) {
      const key = document.createElement("kbd");
      key.textContent = part;
      name.append(key, " ");
    }
    const text = document.createElement("dd");
    text.textContent = says;
    list.append(name, text);
  }
  const label = document.createElement("label");
  label.className = "tickbox";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !off();
  box.addEventListener("change", () => store((kept) => kept.setItem("tocsin:keys", box.checked ? "on" : "off")));
  label.append(box, "Single keys act");
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(title, list, label, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// A page that the pointer rests on is fetched before it is asked for.
const fetched = new Set();
document.addEventListener("pointerover", (event) => {
  const link = event.target.closest?.("a[href^='/']");
  if (!link || fetched.has(link.href) || fetched.size > 20 || navigator.connection?.saveData) return;
  fetched.add(link.href);
  const hint = document.createElement("link");
  hint.rel = "prefetch";
  hint.href = link.href;
  document.head.append(hint);
});
