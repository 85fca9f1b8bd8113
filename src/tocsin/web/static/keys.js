// Single keys. They never act inside a field, and can be switched off or given other letters in the list that `?` opens.

const KEPT = "tocsin:keys";
const PAGES = [
  ["n", "/", "What is going on now"],
  ["i", "/incidents", "Incidents"],
  ["a", "/groups", "Alerts"],
  ["p", "/pages", "Pages"],
  ["o", "/on-call", "On-call"],
  ["b", "/playbooks", "Playbooks"],
  ["r", "/postmortems", "Postmortems"],
  ["t", "/actions", "Action items"],
  ["h", "/insights", "Insights"],
  ["s", "/settings", "Settings"],
];

function kept() {
  try {
    const text = localStorage.getItem(KEPT) ?? "";
    if (text === "off") return { off: true, own: {} };
    return { off: false, own: {}, ...(text.startsWith("{") ? JSON.parse(text) : {}) };
  } catch {
    return { off: false, own: {} };
  }
}

function keep(settings) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(settings));
  } catch {
    // storage is off: it holds for this page only
  }
}

let settings = kept();

/** Everything that a key does here: `usual` is the key unless the reader chose another. */
function all() {
  const found = [
    { usual: "/", says: "Search", group: "Anywhere", act: search },
    { usual: "c", says: "Declare an incident", group: "Anywhere", act: () => document.querySelector("[data-declare]")?.click() },
    { usual: "j", says: "Next in the list", group: "Anywhere", act: () => step(1) },
    { usual: "k", says: "The one before", group: "Anywhere", act: () => step(-1) },
    ...PAGES.map(([letter, path, says]) => ({ usual: `g ${letter}`, says, group: "Go to", act: () => (location.href = path) })),
  ];
  const here = new Map();
  for (const one of document.querySelectorAll("[data-key]")) {
    const key = one.dataset.key;
    if (key && !here.has(key)) here.set(key, { usual: key, says: label(one), group: "On this page", act: () => press(one) });
  }
  return [...here.values(), ...found.filter((one) => !here.has(one.usual))].map((one) => ({ ...one, key: settings.own[one.usual] ?? one.usual }));
}

function label(one) {
  return one.dataset.keySays || one.getAttribute("aria-label") || (one.matches("input") ? one.closest("label")?.textContent : one.textContent)?.trim() || one.dataset.key;
}

/** A page's own key: `data-key` on a link or button presses it, on a radio button chooses it and goes on in the form's text. */
function press(one) {
  if (!one.dispatchEvent(new CustomEvent("tocsin:key", { bubbles: true, cancelable: true }))) return;
  if (one.matches("input[type=radio]")) {
    one.checked = true;
    one.dispatchEvent(new Event("change", { bubbles: true }));
    const next = document.getElementById(one.dataset.keyFocus ?? "") ?? one.form?.querySelector("textarea, input[type=text]");
    next?.focus();
  } else if (one.matches("input, textarea, select")) {
    one.focus();
    one.select?.();
  } else {
    one.focus();
    one.click();
  }
}

function search() {
  const field = [...document.querySelectorAll("[data-search], [role=search] input[type=search], [role=search] input")].find((one) => one.checkVisibility?.() ?? one.offsetParent);
  if (!field) return (location.href = "/search");
  field.focus();
  field.select();
}

function step(by) {
  const list = [...document.querySelectorAll("main :is(.rows th a, .lines li > a, .card-link, .firing-what > a, [data-item])")].filter((one) => one.offsetParent !== null);
  if (!list.length) return;
  const at = list.indexOf(document.activeElement);
  const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

let before = "";
let forget = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter" && event.target.tagName === "TEXTAREA") return event.target.form?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "?") {
    event.preventDefault();
    return list();
  }
  if (settings.off || event.key.length !== 1 || event.key === " ") return;
  const typed = before ? `${before} ${event.key}` : event.key;
  const known = all();
  clearTimeout(forget);
  before = "";
  const found = known.find((one) => one.key === typed) ?? known.find((one) => one.key === event.key);
  if (found) {
    event.preventDefault();
    found.act();
  } else if (known.some((one) => one.key.startsWith(`${event.key} `))) {
    before = event.key;
    forget = setTimeout(() => (before = ""), 1500);
  }
});

document.addEventListener("click", (event) => event.target.closest?.("[data-keys]") && list());

function make(tag, text = "", properties = {}) {
  const one = Object.assign(document.createElement(tag), properties);
  if (text) one.textContent = text;
  return one;
}

function list() {
  document.getElementById("keys")?.remove();
  const dialog = make("dialog", "", { id: "keys", className: "keys-dialog" });
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.append(make("h2", "Keys", { id: "keys-title" }));
  const on = make("label", "", { className: "tickbox" });
  const box = make("input", "", { type: "checkbox", checked: !settings.off });
  box.addEventListener("change", () => {
    settings = { ...settings, off: !box.checked };
    keep(settings);
  });
  on.append(box, "Single keys act (never while you type in a field)");
  dialog.append(on);
  const says = make("p", "", { className: "hurts small" });
  says.setAttribute("role", "status");
  const known = all();
  for (const group of ["On this page", "Anywhere", "Go to"]) {
    const some = known.filter((one) => one.group === group);
    if (!some.length) continue;
    dialog.append(make("h3", group, { className: "label" }));
    const table = make("dl", "", { className: "key-table" });
    for (const one of some) {
      const name = make("dt");
      const field = make("input", "", { value: one.key, maxLength: 3, className: "key-field", autocomplete: "off", spellcheck: false });
      field.setAttribute("autocapitalize", "none");
      field.setAttribute("aria-label", `Key for: ${one.says}`);
      field.addEventListener("focus", () => field.select());
      field.addEventListener("change", () => {
        const wanted = field.value.trim() || one.usual;
        const clash = all().find((other) => other.usual !== one.usual && other.key === wanted);
        if (!/^\S( \S)?$/u.test(wanted) || wanted === "?" || clash) {
          says.textContent = clash ? `${wanted} is taken: ${clash.says}.` : "Write one key, or two with a space between: g n.";
          field.value = settings.own[one.usual] ?? one.usual;
          return;
        }
        says.textContent = "";
        const own = { ...settings.own, [one.usual]: wanted };
        if (wanted === one.usual) delete own[one.usual];
        settings = { ...settings, own };
        keep(settings);
        field.value = wanted;
      });
      name.append(field);
      table.append(name, make("dd", one.says));
    }
    dialog.append(table);
  }
  const rest = make("dl", "", { className: "key-table" });
  for (const [key, text] of [["?", "This list"], ["Ctrl Enter", "Send what is being typed"], ["Esc", "Close"]]) {
    const name = make("dt");
    name.append(make("kbd", key));
    rest.append(name, make("dd", text));
  }
  const close = make("button", "Close", { className: "primary", type: "button" });
  close.addEventListener("click", () => dialog.close());
  const usual = make("button", "The usual keys", { className: "quiet", type: "button" });
  usual.addEventListener("click", () => {
    settings = { off: false, own: {} };
    keep(settings);
    dialog.close();
    list();
  });
  const buttons = make("div", "", { className: "buttons" });
  buttons.append(close, usual);
  dialog.append(rest, says, make("p", "Write another key into its field to change it; this browser keeps it.", { className: "hint" }), buttons);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
  dialog.scrollTop = 0;
}
