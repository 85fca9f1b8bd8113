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

// Drafts: what was typed survives a closed tab, until it has been sent. Each tab keeps its own as well, for two may write the same form.
const SENT = "tocsin:sent";
const MINE = root.dataset.me ?? "";
const fieldsOf = (form) => [...form.elements].filter((e) => e.name && !["hidden", "password", "submit", "radio", "checkbox"].includes(e.type) && e.tagName !== "BUTTON" && e.tagName !== "FIELDSET");

function store(work) {
  try {
    return work(localStorage, sessionStorage);
  } catch {
    return null; // storage is off; the form works all the same
  }
}

const refused = document.getElementById("problem");
// It was taken where the answer led on to another page. A refusal, the sign-in, and a page opened after the network failed are none.
store((kept, here) => {
  const sent = here.getItem(SENT);
  const led = performance.getEntriesByType("navigation")[0]?.redirectCount > 0;
  if (sent && led && !refused && !/^\/(sign-in|setup)$/.test(location.pathname)) {
    if (kept.getItem(sent) === here.getItem(sent)) kept.removeItem(sent); // else another tab writes another text there
    here.removeItem(sent);
  }
  here.removeItem(SENT);
});
/** Say that a form holds what was typed before, and offer to begin anew. */
function sayAgain(form, key, fields, anew) {
  const note = document.createElement("p");
  const empty = document.createElement("button");
  note.className = "draft-note";
  empty.type = "button";
  empty.className = "quiet";
  empty.textContent = "Start empty";
  empty.addEventListener("click", () => {
    for (const field of fields) field.value = field.defaultValue;
    store((...all) => all.forEach((one) => one.removeItem(key)));
    note.remove();
    anew?.();
    (fields[0] ?? form.elements[0]).focus();
    fields[0]?.dispatchEvent(new Event("input", { bubbles: true }));
  });
  note.append("You typed this before and did not send it. ", empty);
  form.prepend(note);
}

function keepDraft(form) {
  const key = `tocsin:draft:${MINE}:${form.dataset.draft}`;
  const draft = store((kept, here) => JSON.parse(here.getItem(key) ?? kept.getItem(key) ?? "null"));
  if (draft && !refused) {
    store((_, here) => here.setItem(key, JSON.stringify(draft)));
    const again = fieldsOf(form).filter((field) => field.name in draft && field.value === field.defaultValue && draft[field.name] !== field.value);
    for (const field of again) field.value = draft[field.name];
    if (again.length && form.id !== "composer") sayAgain(form, key, again);
  }
  const typed = () => Object.fromEntries(fieldsOf(form).filter((f) => f.value !== f.defaultValue || (refused && f.value)).map((f) => [f.name, f.value]));
  const keep = (values) => store((...all) => all.forEach((one) => (Object.keys(values).length ? one.setItem(key, JSON.stringify(values)) : one.removeItem(key))));
  form.addEventListener("input", () => keep(typed()));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "preview") store((_, here) => here.setItem(SENT, key));
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== key || event.newValue !== null || !form.isConnected) return;
    const values = typed(); // another tab sent its text, and this one has another
    if (Object.keys(values).length && JSON.stringify(values) !== event.oldValue) keep(values);
  });
}
/** Keep the draft of a form whose questions the server chooses: choices and ticks too, and its parts are asked for again by what was answered. */
function keepWhole(form) {
  const key = `tocsin:draft:${MINE}:${form.dataset.draft}`;
  const all = () => [...new FormData(form)].filter(([name, value]) => value && typeof value === "string" && !["csrf", "nonce"].includes(name));
  const first = JSON.stringify(all());
  const draft = store((kept, here) => JSON.parse(here.getItem(key) ?? kept.getItem(key) ?? "null"));
  let asking = false; // what stands in the form meanwhile is no answer of anybody's
  const keep = () => {
    if (asking || !form.isConnected) return;
    const now = JSON.stringify(all());
    store((...both) => both.forEach((one) => (now === first && !refused ? one.removeItem(key) : one.setItem(key, now))));
  };
  const ask = async (pairs) => {
    asking = true;
    form.setAttribute("aria-busy", "true");
    let whole = true;
    try {
      for (const part of form.querySelectorAll("[data-draft-part]")) {
        const answer = await fetch(`${part.dataset.draftPart}?${new URLSearchParams(pairs)}`, { headers: { accept: "text/html" }, credentials: "same-origin" });
        if (!answer.ok || answer.redirected) throw new Error("not now");
        part.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
        globalThis.htmx?.process(part);
      }
    } catch {
      whole = false; // the network is away: the texts are back, and what was chosen stays kept until something is typed
    }
    form.removeAttribute("aria-busy");
    asking = false;
    if (whole) keep();
  };
  if (Array.isArray(draft) && !refused && JSON.stringify(draft) !== first) {
    store((_, here) => here.setItem(key, JSON.stringify(draft)));
    const again = fieldsOf(form).filter((field) => !field.closest("[data-draft-part]"));
    for (const field of again) field.value = draft.find(([name]) => name === field.name)?.[1] ?? field.defaultValue;
    for (const box of form.querySelectorAll("[type=checkbox]")) box.checked ||= draft.some(([name, value]) => name === box.name && value === box.value);
    for (const fold of form.querySelectorAll("details")) fold.open ||= again.some((field) => field.value && fold.contains(field));
    sayAgain(form, key, again, () => {
      form.reset();
      ask(JSON.parse(first));
    });
    ask(draft);
  }
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  new MutationObserver(keep).observe(form, { childList: true, subtree: true }); // other questions came by what was answered
  form.addEventListener("submit", () => store((_, here) => here.setItem(SENT, key)));
}

const keepAll = (place) => place.querySelectorAll("form[data-draft]").forEach((form) => (form.querySelector("[data-draft-part]") ? keepWhole : keepDraft)(form));
keepAll(document);
document.addEventListener("tocsin:forms", (event) => keepAll(event.detail)); // forms that came later
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

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

// Colours: the cookie is what the next page comes in; this one changes at once.
document.getElementById("theme")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = event.submitter?.value ?? "";
  document.cookie = `tocsin_theme=${chosen}; path=/; samesite=lax; max-age=${chosen ? 31536000 : 0}${location.protocol === "https:" ? "; secure" : ""}`;
  if (chosen) root.dataset.theme = chosen;
  else delete root.dataset.theme;
  for (const one of event.target.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.value === chosen));
  document.querySelector("meta[name=color-scheme]").content = chosen || "light dark";
});

// Anything that lasts longer than a second shows that it is under way.
const progress = document.getElementById("progress");
let pending = 0;
let timer = 0;
function begin() {
  pending += 1;
  if (!timer) timer = setTimeout(() => progress && (progress.hidden = false), 1000);
}
function done() {
  pending = Math.max(0, pending - 1);
  if (pending) return;
  clearTimeout(timer);
  timer = 0;
  if (progress) progress.hidden = true;
}
document.addEventListener("htmx:before:request", begin);
document.addEventListener("htmx:finally:request", done);
document.addEventListener("submit", (event) => !event.defaultPrevented && !event.target.target && !event.target.matches("[hx-post], [hx-get]") && begin());
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0 && follows(link)) begin();
});
window.addEventListener("pageshow", () => {
  pending = 0;
  done();
});

/** A link that leads to another page of ours, in this tab. */
function follows(link) {
  return link.origin === location.origin && !link.target && !link.hasAttribute("download") && !/\.(csv|ics|json|md)$/.test(link.pathname) && (link.pathname !== location.pathname || link.search !== location.search);
}

// A page that the pointer rests on, or that a finger touches, is fetched before it is asked for. Only pages: nothing that acts, nothing that downloads.
const fetched = new Set();
let resting = 0;
function prefetch(link) {
  if (!link || !follows(link) || fetched.has(link.href) || fetched.size > 30 || navigator.connection?.saveData || link.closest("[data-no-prefetch]")) return;
  if (/^\/(sign-|static|api|live|a\/)/.test(link.pathname) || /\.(csv|ics|json)$/.test(link.pathname)) return;
  fetched.add(link.href);
  const hint = document.createElement("link");
  hint.rel = "prefetch";
  hint.href = link.href;
  document.head.append(hint);
}
document.addEventListener("pointerover", (event) => {
  clearTimeout(resting);
  const link = event.target.closest?.("a[href]");
  if (link && event.pointerType === "mouse") resting = setTimeout(() => prefetch(link), 80);
});
document.addEventListener("touchstart", (event) => prefetch(event.target.closest?.("a[href]")), { passive: true });

// What a browser kept (from a prefetch, or from going back) may be older than it should: then it is fetched anew.
store(() => {
  const late = Date.now() - Date.parse(root.dataset.now);
  const usual = Number(sessionStorage.getItem("tocsin:skew") ?? late);
  sessionStorage.setItem("tocsin:skew", String(Math.min(usual, late)));
  const how = performance.getEntriesByType("navigation")[0]?.type;
  if (late - usual > 20000 && frozen === null && how !== "reload" && !document.querySelector("[data-feed]")) location.reload();
});

if ("serviceWorker" in navigator && window.isSecureContext && root.dataset.position) {
  navigator.serviceWorker
    .register("/sw.js", { scope: "/" })
    .then(() => navigator.serviceWorker.ready)
    .then((worker) => worker.active?.postMessage({ type: "build", build: root.dataset.build }))
    .catch(() => {});
}

// What a browser without a connection may still say: how many there were of what, and when. No names, no titles.
const known = document.querySelector("[data-known]");
if (known) store((kept) => kept.setItem("tocsin:known", JSON.stringify({ at: new Date().toISOString(), ...JSON.parse(known.dataset.known) })));
