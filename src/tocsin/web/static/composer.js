// Logging: an entry is sent beside the page, so that typing goes on. One that cannot be sent waits in this browser and goes out when the network
// is back; its nonce makes it count once, however often it is tried. Files are sent while one still types.

const page = document.querySelector(".room-page");
const form = document.getElementById("composer");
const text = form?.querySelector("textarea");
const root = document.documentElement;
const skew = Date.parse(root.dataset.now) - Date.now();
let frozen = "virtual" in root.dataset ? Date.parse(root.dataset.now) : null;
document.addEventListener("tocsin:now", (event) => frozen !== null && (frozen = event.detail));
const now = () => frozen ?? Date.now() + skew;

function store(work) {
  try {
    return work(localStorage, sessionStorage);
  } catch {
    return null; // storage is off; the form works all the same
  }
}

function make(tag, properties = {}, ...inside) {
  const one = Object.assign(document.createElement(tag), properties);
  one.append(...inside);
  return one;
}

if (form && text) begin();

function begin() {
  const room = page.dataset.room;
  const QUEUE = `tocsin:unsent:${page.dataset.me}:${room}`;
  const FILES = `tocsin:files:${page.dataset.me}:${room}`;
  const DRAFT = `tocsin:draft:${page.dataset.me}:${form.dataset.draft}`;
  const kinds = [...form.querySelectorAll("input[name=kind]")];

  // -- typing ----------------------------------------------------------------------------------------------------------------------------

  // An entry is one line until it is longer; Enter logs it, Shift and Enter begin a new line (on a keyboard, not on a phone).
  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    text.style.blockSize = "auto";
    text.style.blockSize = `${text.scrollHeight + 2}px`;
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      form.requestSubmit();
    }
    if (event.key === "Escape") text.blur();
  });

  // The chosen kind stays chosen for the next entry.
  const KIND = `tocsin:kind:${form.dataset.draft}`;
  try {
    const last = kinds.find((one) => one.value === sessionStorage.getItem(KIND));
    if (last && !document.getElementById("problem")) last.checked = true;
    form.addEventListener("change", () => sessionStorage.setItem(KIND, kinds.find((one) => one.checked)?.value ?? ""));
  } catch {
    // no storage
  }
  if (location.hash.startsWith("#f") && matchMedia("(pointer: fine)").matches) text.focus({ preventScroll: true });
  for (const one of form.querySelectorAll("[data-key]")) {
    one.addEventListener("tocsin:key", (event) => {
      if (one.type !== "file") return;
      event.preventDefault();
      one.click();
    });
  }

  // -- [14:05] at the beginning: the time that the server will read there -------------------------------------------------------------------

  const read = document.getElementById("when-read");
  const here = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
  const UNITS = { s: 1000, m: 60000, h: 3600000, d: 86400000 };

  /** The moment in milliseconds, NaN for what looks like a time and is none, null for any other bracket. */
  function moment(inside) {
    const clock = /^(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?:\s*(?:utc|z))?$/i.exec(inside);
    if (clock) {
      const [hour, minute, second] = [+clock[1], +clock[2], +(clock[3] ?? 0)];
      if (hour > 23 || minute > 59 || second > 59) return NaN;
      const at = new Date(now());
      at.setUTCHours(hour, minute, second, 0);
      return at <= now() + 120000 ? +at : +at - UNITS.d;
    }
    const ago = /^-\s*((?:\d{1,9}\s*[smhd]\s*)+)$/i.exec(inside) ?? /^((?:\d{1,9}\s*[smhd](?:in|our|ay)?s?\s*)+)ago$/i.exec(inside);
    if (ago) {
      let span = 0;
      for (const [, number, unit] of ago[1].matchAll(/(\d+)\s*([smhd])(?:in|our|ay)?s?/gi)) span += number * UNITS[unit.toLowerCase()];
      return now() - span;
    }
    const date = /^(\d{4}-\d{2}-\d{2})[ t](\d{1,2}:\d{2}(?::\d{2})?)\s*(?:utc|z)?$/i.exec(inside);
    return date ? Date.parse(`${date[1]}T${date[2].padStart(5, "0")}Z`) : null;
  }

  function recognise() {
    const found = /^\[\s*([^[\]\n]{1,40}?)\s*\]\s*/.exec(text.value);
    const at = found ? moment(found[1]) : null;
    read.hidden = at === null;
    if (at === null) return;
    read.classList.toggle("hurts", Number.isNaN(at) || at > now() + 5000);
    if (Number.isNaN(at)) return void (read.textContent = `[${found[1]}] is not a time`);
    const moment_ = new Date(at);
    const day = moment_.toISOString().slice(0, 10);
    const today = new Date(now()).toISOString().slice(0, 10);
    const minutes = Math.round((now() - at) / 60000);
    const since = minutes < 0 ? "still to come" : minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min ago`;
    read.classList.toggle("late", day !== today && at <= now());
    read.textContent = `Happened ${day === today ? "" : day === new Date(now() - UNITS.d).toISOString().slice(0, 10) ? "yesterday, " : `${day} `}${moment_.toISOString().slice(11, 16)} UTC, ${since}, ${here.format(moment_)} here`;
  }
  text.addEventListener("input", recognise);
  text.addEventListener("input", () => problem());
  recognise();

  // -- files: chosen, pasted, dropped ---------------------------------------------------------------------------------------------------------

  const chips = document.getElementById("uploads");
  const largest = Number(form.dataset.largest);
  let uploads = [];
  let wanted = false; // somebody pressed Log while files were on their way

  function kept() {
    const done = uploads.filter((one) => one.digest).map(({ digest, name, size }) => ({ digest, name, size }));
    store((local) => (done.length ? local.setItem(FILES, JSON.stringify(done)) : local.removeItem(FILES)));
    chips.hidden = !uploads.length;
  }

  const bytes = (size) => (size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : size >= 1000 ? `${Math.round(size / 1000)} kB` : `${size} B`);

  function draw(one) {
    const out = make("button", { type: "button", className: "quiet icon-button", textContent: "×" });
    out.setAttribute("aria-label", `Not ${one.name}`);
    out.addEventListener("click", () => {
      one.request?.abort();
      uploads = uploads.filter((other) => other !== one);
      one.item.remove();
      kept();
    });
    const name = make("bdi", { className: "upload-name", textContent: one.name });
    const state = make("span", { className: one.error ? "hurts small" : "soft small", textContent: one.error || (one.digest ? bytes(one.size) : `${bytes(one.size)}, sending`) });
    const inside = [name, " ", state];
    if (!one.digest && !one.error) {
      one.bar = make("progress", { max: 100, value: one.done ?? 0 });
      one.bar.setAttribute("aria-label", `${one.name}: sent`);
      inside.push(one.bar);
    }
    if (one.error && one.file) {
      const again = make("button", { type: "button", className: "quiet small", textContent: "Try again" });
      again.addEventListener("click", () => send_file(one));
      inside.push(again);
    }
    const item = make("li", { className: "upload" }, ...inside, out);
    if (one.item) one.item.replaceWith(item);
    else chips.append(item);
    one.item = item;
    kept();
  }

  function attach(files) {
    for (const file of files) {
      const one = { name: file.name || `pasted.${file.type.split("/")[1] ?? "bin"}`, size: file.size, file };
      uploads.push(one);
      if (file.size > largest) {
        one.error = `${bytes(file.size)}, and at most ${bytes(largest)} fit`;
        one.file = null;
        draw(one);
      } else if (!file.size) {
        one.error = "is empty";
        one.file = null;
        draw(one);
      } else send_file(one);
    }
  }

  function send_file(one) {
    one.error = "";
    one.done = 0;
    const body = new FormData();
    body.append("csrf", page.dataset.csrf);
    body.append("file", one.file, one.name);
    const request = (one.request = new XMLHttpRequest());
    request.open("POST", form.dataset.upload);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && one.bar && (one.bar.value = one.done = (100 * event.loaded) / event.total));
    const end = (error) => {
      one.error = error;
      draw(one);
      if (error) wanted = false;
      else if (wanted && uploads.every((other) => other.digest)) form.requestSubmit();
    };
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status === 200 && answer?.digest) {
        Object.assign(one, { digest: answer.digest, size: answer.size, file: null });
        return end("");
      }
      if (/^\/(sign-in|setup)$/.test(new URL(request.responseURL || location.href).pathname)) return end("you are signed out; sign in and try again");
      end(answer?.detail || "was refused");
    });
    request.addEventListener("error", () => end("not sent: the network is away"));
    request.send(body);
    draw(one);
  }

  form.querySelector("input[type=file]")?.addEventListener("change", (event) => {
    attach(event.target.files);
    event.target.value = "";
    text.focus();
  });
  text.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  });
  const middle = form.closest(".middle");
  let over = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  middle.addEventListener("dragenter", (event) => carries(event) && (over += 1) && middle.classList.add("drop"));
  middle.addEventListener("dragleave", (event) => carries(event) && !(over -= 1) && middle.classList.remove("drop"));
  middle.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  middle.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    over = 0;
    middle.classList.remove("drop");
    attach(event.dataTransfer.files);
  });
  for (const one of store((local) => JSON.parse(local.getItem(FILES) ?? "[]")) ?? []) {
    uploads.push(one);
    draw(one);
  }

  // -- sending --------------------------------------------------------------------------------------------------------------------------------

  const waiting = document.getElementById("waiting-entries");
  const logged = document.getElementById("logged");
  let memory = [];
  const queue = () => store((local) => JSON.parse(local.getItem(QUEUE) ?? "[]")) ?? memory;
  function keep(entries) {
    memory = entries;
    store((local) => (entries.length ? local.setItem(QUEUE, JSON.stringify(entries)) : local.removeItem(QUEUE)));
  }
  function change(nonce, changes) {
    keep(queue().map((one) => (one.nonce === nonce ? { ...one, ...changes } : one)));
  }
  const drop = (nonce) => keep(queue().filter((one) => one.nonce !== nonce));

  function nonce() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (uploads.some((one) => one.error)) return say_problem("A file was not sent. Try it again, or take it out.");
    if (uploads.some((one) => !one.digest)) {
      wanted = true;
      return;
    }
    if (!text.value.trim() && !uploads.length) return text.focus();
    wanted = false;
    const given = new FormData(form);
    const entry = {
      nonce: nonce(), kind: given.get("kind") ?? "", text: text.value.trim() || `Attached ${uploads.map((one) => one.name).join(", ")}`, at: given.get("at") ?? "",
      measure: given.get("measure") ?? "", value: given.get("value") ?? "", typed_at: new Date(now()).toISOString(), attachment: uploads.map((one) => one.digest),
      names: uploads.map((one) => one.name), state: "sending", since: Date.now(),
    };
    keep([...queue(), entry]);
    clear();
    flush();
    setTimeout(show, 700);
  });

  function clear() {
    text.value = "";
    const kinds = form.querySelectorAll("[name=kind]"); // a kind is chosen for one entry: what comes next is not a decision because the last one was
    if (kinds.length) kinds[0].checked = true;
    logged.hidden = true;
    for (const name of ["at", "value"]) if (form.elements[name]) form.elements[name].value = "";
    for (const one of uploads) one.item?.remove();
    uploads = [];
    kept();
    grow();
    recognise();
    problem();
    store((local, here) => {
      if (local.getItem(DRAFT) === here.getItem(DRAFT)) local.removeItem(DRAFT); // else another tab writes another text
      here.removeItem(DRAFT);
      here.removeItem("tocsin:sent");
    });
    text.focus({ preventScroll: true });
  }

  let flushing = false;
  let retry = 0;
  let tries = 0;
  async function flush() {
    clearTimeout(retry);
    if (flushing) return;
    flushing = true;
    try {
      for (let entry; (entry = queue().find((one) => one.state !== "refused")); ) {
        const done = await send(entry);
        if (!done) {
          retry = setTimeout(flush, Math.min(30000, 1000 * 2 ** Math.min(tries++, 5)));
          break;
        }
        tries = 0;
      }
    } finally {
      flushing = false;
      show();
    }
  }

  /** Return whether the entry need not be tried again. */
  async function send(entry) {
    const body = new URLSearchParams({ csrf: page.dataset.csrf });
    for (const name of ["nonce", "kind", "text", "at", "measure", "value", "typed_at"]) body.set(name, entry[name] ?? "");
    for (const digest of entry.attachment ?? []) body.append("attachment", digest);
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), 20000);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { accept: "application/json" }, signal: giveUp.signal });
    } catch {
      change(entry.nonce, { state: "waiting" });
      return false;
    } finally {
      clearTimeout(timer);
    }
    if (answer.redirected || answer.status === 401) {
      change(entry.nonce, { state: "signed out" });
      return false;
    }
    if (answer.status >= 500 || answer.status === 429) {
      change(entry.nonce, { state: "waiting" });
      return false;
    }
    let told = {};
    try {
      told = await answer.json();
    } catch {
      told = { detail: "The server did not take it." };
    }
    if (told.field === "csrf") {
      const renewed = await renew(); // somebody signed in anew beside this page
      if (renewed) change(entry.nonce, { state: renewed });
      if (renewed) return false;
    }
    if (answer.ok) {
      drop(entry.nonce);
      here_it_is(told.entry);
      return true;
    }
    refused(entry, [told.detail, told.fix].filter(Boolean).join(" "));
    return true;
  }

  /** Have this page's form token again, where the same person signed in anew. Return what the entry waits for; nothing where that does not help. */
  async function renew() {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
      if (answer.redirected) return "signed out";
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (fresh.documentElement.dataset.me !== page.dataset.me) return "somebody else";
      const token = fresh.querySelector(".room-page")?.dataset.csrf;
      if (!token || token === page.dataset.csrf) return "";
      page.dataset.csrf = token;
      return "waiting";
    } catch {
      return "waiting";
    }
  }

  function here_it_is(number) {
    if (!number) return;
    const link = make("a", { href: `/incidents/${encodeURIComponent(room)}/entries/${number}`, textContent: "Correct it" });
    link.dataset.sheet = "";
    logged.replaceChildren("Logged. ", link);
    logged.hidden = false;
    clearTimeout(logged.timer);
    logged.timer = setTimeout(() => (logged.hidden = true), 12000);
    setTimeout(() => {
      if (document.getElementById(`f${number}`)) return;
      if (document.getElementById("timeline").dataset.filter) logged.append(" · ", make("a", { href: `/incidents/${encodeURIComponent(room)}#f${number}`, textContent: "Hidden by the filter: show everything" }));
      else look();
    }, 1500);
  }

  /** Where the live feed is away: fetch what is new. */
  async function look() {
    try {
      const url = new URL(location.href);
      url.hash = "";
      url.searchParams.set("since", page.dataset.version);
      const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin" });
      if (answer.ok && !answer.redirected) document.dispatchEvent(new CustomEvent("tocsin:fresh", { detail: new DOMParser().parseFromString(await answer.text(), "text/html") }));
    } catch {
      // it comes with the connection
    }
  }

  function refused(entry, why) {
    if (!text.value.trim() && !uploads.length) {
      drop(entry.nonce);
      back(entry);
      say_problem(why);
    } else change(entry.nonce, { state: "refused", why });
  }

  function back(entry) {
    text.value = entry.text;
    for (const name of ["at", "value", "measure"]) if (form.elements[name] && entry[name]) form.elements[name].value = entry[name];
    const kind = kinds.find((one) => one.value === entry.kind);
    if (kind) kind.checked = true;
    uploads = (entry.attachment ?? []).map((digest, place) => ({ digest, name: entry.names?.[place] ?? "attachment", size: 0 }));
    for (const one of uploads) draw(one);
    if (entry.at) document.getElementById("more").open = true;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  }

  function problem() {
    document.getElementById("entry-problem")?.remove();
    text.removeAttribute("aria-invalid");
  }

  function say_problem(why) {
    problem();
    const one = make("p", { id: "entry-problem", className: "entry-problem", textContent: why });
    one.setAttribute("role", "alert");
    form.prepend(one);
    text.setAttribute("aria-invalid", "true");
  }

  const SAYS = {
    sending: "being sent", waiting: "not sent yet: it goes out when the network is back", "signed out": "not sent yet: you are signed out", "somebody else": "not sent yet: somebody else is signed in here now", refused: "was refused",
  };

  function show() {
    const entries = queue().filter((one) => one.state !== "sending" || Date.now() - one.since > 600);
    waiting.hidden = !entries.length;
    waiting.replaceChildren(
      ...entries.map((entry) => {
        const edit = make("button", { type: "button", className: "quiet small", textContent: "Edit" });
        edit.addEventListener("click", () => {
          if (text.value.trim()) return say_problem("Log or clear what you are typing first.");
          drop(entry.nonce);
          back(entry);
          show();
        });
        const away = make("button", { type: "button", className: "quiet small", textContent: "Discard" });
        away.addEventListener("click", () => {
          drop(entry.nonce);
          show();
        });
        const says = make("span", { className: "waiting-says", textContent: entry.state === "refused" ? entry.why : SAYS[entry.state] });
        const acts = entry.state === "sending" ? [] : [edit, away];
        if (entry.state === "signed out") acts.unshift(make("a", { className: "button small", href: `/sign-in?next=${encodeURIComponent(location.pathname)}`, textContent: "Sign in" }));
        return make("li", {}, make("span", { className: "waiting-text", textContent: entry.text, dir: "auto" }), " ", says, ...acts);
      }),
    );
  }

  window.addEventListener("online", () => ((tries = 0), flush()));
  document.addEventListener("visibilitychange", () => !document.hidden && queue().length && flush());
  window.addEventListener("storage", (event) => event.key === QUEUE && show());
  document.addEventListener("tocsin:fresh", () => queue().some((one) => one.state === "waiting") && flush());
  if (queue().length) flush();
}
