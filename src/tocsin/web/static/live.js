// Live pages. One tab of a browser holds the connection to the server and tells the others what changed; each page whose records are named
// fetches itself and puts the changed parts in place. Nothing that somebody reads is moved, and nothing that somebody types is touched.

const html = document.documentElement;
const page = document.querySelector("[data-feed]");
const me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
const CHANNEL = "tocsin-live";
const QUIET = 40000; // milliseconds without a sign of life after which the connection counts as dead: the server gives one every 15 seconds
const HIDDEN = 15000; // a tab that nobody looks at gives the connection up after so long
const REMEMBERED = 200;

// -- where we stand: "position.epoch.count", see web/hub.py ------------------------------------------------------------------------------

let seen = html.dataset.position ?? "";

function parts(at) {
  const [position, epoch, count] = String(at).split(".");
  return { position: Number(position) || 0, epoch: epoch ?? "", count: Number(count) || 0 };
}

function newer(one, other) {
  const a = parts(one);
  const b = parts(other);
  return a.position > b.position || a.epoch !== b.epoch || a.count > b.count;
}

// -- what this page shows ----------------------------------------------------------------------------------------------------------------

function topics() {
  const named = new Set();
  for (const one of document.querySelectorAll("[data-topic]")) for (const topic of one.dataset.topic.split(/\s+/)) if (topic) named.add(topic);
  const incident = page && new URL(page.dataset.feed, location.href).searchParams.get("incident");
  if (incident) named.add(`incident:${incident}`);
  return named;
}

const kind = (topic) => topic.split(":", 1)[0];

function concerns(changed) {
  if (!page) return false;
  const shown = topics();
  if (!shown.size) return true;
  return changed.some((topic) => topic === "*" || shown.has(topic) || shown.has(kind(topic)) || (!topic.includes(":") && [...shown].some((one) => kind(one) === topic)));
}

const counted = (changed) => changed.some((topic) => ["*", "alert", "group", "page"].includes(kind(topic)));

// -- fetching what changed ---------------------------------------------------------------------------------------------------------------

let busy = false;
let again = false;
let dirty = false;
let navDirty = false;
let waiting = 0;
let last = { ended: 0, took: 0 };

/** Parts that a person is in are left alone until they are done. */
function taken(part) {
  const active = document.activeElement;
  if (part.contains(active) && active.matches("input, textarea, select")) return true;
  return [...part.querySelectorAll("input, textarea, select")].some((field) =>
    field.type === "hidden" || field.dataset.loose !== undefined ? false : field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.tagName !== "SELECT" && field.value !== field.defaultValue,
  );
}

function plain(part) {
  const copy = part.cloneNode(true);
  copy.querySelectorAll("input[name=nonce]").forEach((one) => one.removeAttribute("value"));
  copy.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
  copy.querySelectorAll("time[data-count]").forEach((one) => (one.textContent = ""));
  copy.querySelectorAll("[data-local]").forEach((one) => (one.removeAttribute("data-local"), one.removeAttribute("title")));
  copy.querySelectorAll("time[title]").forEach((one) => one.removeAttribute("title"));
  return copy.innerHTML;
}

/** What folds in a part, by its id, or by its words where it has none. */
const folds = (part) => [...part.querySelectorAll("details")].map((one) => [one.id || one.querySelector("summary")?.textContent.trim(), one]);

/** What can have the focus at or in a place, in order. */
const reached = (place) => [place, ...place.querySelectorAll("*")].filter((one) => one.matches("a[href], button, summary"));

function put(fresh) {
  let left = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || plain(next) === plain(part)) continue;
    if (taken(part)) {
      left = true;
      continue;
    }
    const open = new Map(folds(part).map(([name, one]) => [name, one.open]));
    for (const [name, one] of folds(next)) if (open.has(name)) one.open = open.get(name);
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const focus = active?.closest("[id]");
    const place = focus ? reached(focus).indexOf(active) : -1;
    part.replaceChildren(...next.childNodes);
    globalThis.htmx?.process?.(part);
    const there = focus && document.getElementById(focus.id);
    if (there) {
      const like = (one) => (one.href ? one.href === active.href : one.textContent === active.textContent);
      const all = reached(there);
      (all.slice(place, place + 1).find(like) ?? all.find(like) ?? all[place] ?? all[0])?.focus({ preventScroll: true });
    }
  }
  return left;
}

/** Fetch soon: at once when it is quiet, seldom in a storm, and spread where very many browsers look on. */
function soon(spread = 0) {
  if (waiting) return;
  const rest = last.ended + Math.max(200, 3 * last.took) - performance.now();
  waiting = setTimeout(
    () => {
      waiting = 0;
      refresh();
    },
    Math.max(0, rest) + Math.random() * spread,
  );
}

async function refresh() {
  if (!page) return;
  if (document.hidden) {
    dirty = true;
    return;
  }
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  dirty = false;
  const begun = performance.now();
  try {
    const version = page.dataset.version;
    const url = new URL(location.href);
    url.hash = "";
    if (version !== undefined) url.searchParams.set("since", version);
    const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
    if (answer.redirected && /^\/(sign-in|setup)$/.test(new URL(answer.url).pathname)) return signedOut();
    if (answer.status === 404 || answer.status === 403) return location.reload(); // it may not be read any more
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!same(fresh)) return location.reload();
    document.dispatchEvent(new CustomEvent("tocsin:now", { detail: Date.parse(fresh.documentElement.dataset.now) }));
    const left = put(fresh);
    if (document.title !== fresh.title && fresh.title) document.title = fresh.title;
    document.dispatchEvent(new CustomEvent("tocsin:fresh", { detail: fresh }));
    const version_ = fresh.querySelector("[data-version]")?.dataset.version;
    if (version_ !== undefined) page.dataset.version = version_;
    if (fresh.documentElement.dataset.build !== html.dataset.build) updated();
    if (left) document.addEventListener("focusout", () => setTimeout(refresh, 300), { once: true });
  } catch {
    dirty = true; // the network is away; what was missed comes with the connection
  } finally {
    last = { ended: performance.now(), took: performance.now() - begun };
    busy = false;
    if (again) {
      again = false;
      soon();
    }
  }
}

/** The figures in the menu, on pages that show something else. */
let navAt = 0;
let navLater = 0;
async function countAgain() {
  if (document.hidden) {
    navDirty = true;
    return;
  }
  clearTimeout(navLater);
  const rest = navAt + 5000 - performance.now();
  if (navAt && rest > 0) {
    navLater = setTimeout(countAgain, rest);
    return;
  }
  navAt = performance.now();
  navDirty = false;
  try {
    const answer = await fetch(`/nav?here=${encodeURIComponent(location.pathname)}`, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    navDirty = true;
  }
}

function changed(event) {
  if (concerns(event.topics)) {
    if (document.hidden) dirty = true;
    else soon(event.spread ?? 0);
  } else if (counted(event.topics)) countAgain();
  document.dispatchEvent(new CustomEvent("tocsin:changed", { detail: event.topics }));
}

// -- what is said about the connection ---------------------------------------------------------------------------------------------------

const notice = document.getElementById("feed-lost");
let lostSince = 0;
let lostTimer = 0;

function say(...pieces) {
  if (!notice) return;
  notice.replaceChildren(...pieces);
  notice.hidden = !pieces.length;
}

function button(text, act) {
  const one = document.createElement("button");
  one.type = "button";
  one.textContent = text;
  one.addEventListener("click", act);
  return one;
}

function lost(since) {
  if (lostSince || !page) return;
  lostSince = since;
  clearTimeout(lostTimer);
  lostTimer = setTimeout(() => {
    const bold = document.createElement("b");
    bold.textContent = "Not live";
    const text = document.createElement("span");
    const at = new Date(since).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    text.append(bold, ` since ${at}: ${navigator.onLine ? "Tocsin cannot be reached" : "this device is offline"}. What you see may be old. Trying again.`);
    say(text, button("Try now", () => (leading ? open() : tell({ type: "retry" }))));
  }, Math.max(0, since + 4000 - Date.now()));
}

function found() {
  clearTimeout(lostTimer);
  if (out) soon();
  if (!lostSince) return;
  lostSince = 0;
  say();
}

let out = false;
function signedOut() {
  stepDown();
  out = true;
  const link = document.createElement("a");
  link.className = "button";
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = "Sign in";
  const text = document.createElement("span");
  text.textContent = "You are signed out here. What you typed is still in its field.";
  say(text, link);
}

/** Tell whether the same person is signed in. Where they signed in anew beside this page, its forms go on. */
function same(fresh) {
  if (fresh.documentElement.dataset.me !== html.dataset.me) return false;
  const token = fresh.querySelector("[data-csrf]")?.dataset.csrf ?? fresh.querySelector("[name=csrf]")?.value;
  if (token) document.querySelectorAll("input[name=csrf]").forEach((one) => (one.value = token));
  if (token) document.querySelectorAll("[data-csrf]").forEach((one) => (one.dataset.csrf = token));
  if (out) say();
  out = false;
  return true;
}

let told = false;
function updated() {
  if (told || lostSince) return;
  told = true;
  const text = document.createElement("span");
  text.textContent = "Tocsin was updated.";
  say(text, button("Load this page again", () => location.reload()));
}

// -- the connection, held by one tab -----------------------------------------------------------------------------------------------------

let leading = false;
let source = null;
let heard = 0;
let failures = 0;
let retry = 0;
let began = "";
const recent = [];

function open() {
  clearTimeout(retry);
  retry = 0;
  source?.close();
  heard = Date.now();
  const url = new URL("/live", location.href);
  if (seen) url.searchParams.set("after", seen);
  const mine = (source = new EventSource(url));
  const guarded = (work) => (event) => {
    if (mine !== source) return;
    heard = Date.now();
    work(event);
  };
  mine.addEventListener(
    "hello",
    guarded((event) => {
      failures = 0;
      if (!began) began = seen || event.lastEventId;
      if (!seen) seen = event.lastEventId;
      found();
      tell({ type: "found" });
    }),
  );
  mine.addEventListener(
    "change",
    guarded((event) => {
      const { topics: named, spread } = JSON.parse(event.data);
      const message = { type: "event", at: event.lastEventId, topics: named, spread };
      recent.push(message);
      if (recent.length > REMEMBERED) began = recent.shift().at;
      seen = message.at;
      tell(message);
      changed(message);
    }),
  );
  mine.addEventListener("here", guarded(() => {}));
  mine.addEventListener("error", () => {
    if (mine !== source) return;
    source.close();
    source = null;
    const since = lostSince || Date.now();
    lost(since);
    tell({ type: "lost", since });
    if (failures++ === 0) asked();
    if (leading && !retry) retry = setTimeout(open, Math.min(15000, 400 * 2 ** Math.min(failures, 6)) * (0.6 + Math.random() * 0.8));
  });
}

/** An EventSource does not tell why it failed: a session that has ended is not worth trying again. */
async function asked() {
  try {
    const answer = await fetch("/live", { method: "HEAD", credentials: "same-origin" });
    if (answer.status === 401) {
      tell({ type: "out" });
      signedOut();
    }
  } catch {
    // no network
  }
}

function lead() {
  if (leading) return;
  leading = true;
  began = "";
  recent.length = 0;
  failures = 0;
  open();
}

function stepDown() {
  if (leading) tell({ type: "bye", from: me });
  leading = false;
  standing = false;
  clearTimeout(retry);
  retry = 0;
  clearInterval(beating);
  source?.close();
  source = null;
  release?.();
  release = null;
  waitingFor?.abort();
  waitingFor = null;
}

// -- which tab it is ---------------------------------------------------------------------------------------------------------------------

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
let standing = false;
let release = null;
let waitingFor = null;
let answered = false;
let beating = 0;
let lastBeat = 0;
let claim = 0;

function tell(message) {
  try {
    channel?.postMessage(message);
  } catch {
    // the page is going away
  }
}

function stand() {
  if (standing || document.hidden) return;
  standing = true;
  answered = false;
  tell({ type: "hello", from: me, at: seen });
  if (navigator.locks) byLock();
  else if (channel) byVote();
  else lead();
}

/** Where there are locks (a secure context), the tab that has it leads; when it goes, the next has it at once. */
function byLock() {
  waitingFor = new AbortController();
  const hold = () =>
    new Promise((done) => {
      if (!standing) return done();
      release = done;
      lead();
    });
  const lostIt = () => leading && (stepDown(), stand());
  navigator.locks.request(CHANNEL, { signal: waitingFor.signal }, hold).catch(lostIt);
  // A tab that the device has put to sleep keeps its lock and answers nobody: it is taken over.
  setTimeout(() => {
    if (leading || answered || !standing || document.hidden) return;
    waitingFor?.abort();
    waitingFor = null;
    navigator.locks.request(CHANNEL, { steal: true }, hold).catch(lostIt);
  }, 2500);
}

/** Elsewhere tabs listen for a beat; where there is none, one claims the lead, and of two who do the one with the lower name has it. */
function byVote() {
  lastBeat = Date.now();
  clearTimeout(claim);
  claim = setTimeout(() => standing && !answered && take(), 250 + Math.random() * 250);
  clearInterval(beating);
  beating = setInterval(() => {
    if (leading) tell({ type: "beat", from: me });
    else if (standing && Date.now() - lastBeat > 5000 + Math.random() * 1000) take();
  }, 2000);
}

function take() {
  if (!standing || document.hidden) return;
  lead();
  tell({ type: "beat", from: me });
}

channel?.addEventListener("message", ({ data }) => {
  switch (data.type) {
    case "event":
      if (leading) return;
      seen = data.at;
      found();
      changed(data);
      break;
    case "hello": {
      if (!leading || data.from === me) return;
      const missed = data.at && began && !newer(began, data.at) ? recent.filter((one) => newer(one.at, data.at)) : null;
      const all = missed ? [...new Set(missed.flatMap((one) => one.topics))] : data.at && data.at !== seen ? ["*"] : [];
      tell({ type: "welcome", to: data.from, from: me, at: seen, topics: all, lost: lostSince });
      break;
    }
    case "welcome":
      lastBeat = Date.now();
      if (data.to !== me) return;
      answered = true;
      if (data.at) seen = data.at;
      if (data.lost) lost(data.lost);
      else found();
      if (data.topics.length) changed(data);
      break;
    case "beat":
      lastBeat = Date.now();
      answered = true;
      if (leading && data.from < me) stepAside();
      break;
    case "bye":
      if (!navigator.locks && standing && !leading) {
        clearTimeout(claim);
        claim = setTimeout(take, Math.random() * 80);
      }
      break;
    case "lost":
      if (!leading) lost(data.since);
      break;
    case "found":
      if (!leading) found();
      break;
    case "retry":
      if (leading) open();
      break;
    case "out":
      signedOut();
      break;
  }
});

/** Two tabs lead: this one follows from now on. */
function stepAside() {
  leading = false;
  clearTimeout(retry);
  retry = 0;
  source?.close();
  source = null;
}

// -- sleeping, waking, leaving -----------------------------------------------------------------------------------------------------------

let hiddenTimer = 0;

function shown() {
  clearTimeout(hiddenTimer);
  if (leading && (!source || Date.now() - heard > QUIET)) open();
  if (standing && !leading) tell({ type: "hello", from: me, at: seen });
  stand();
  if (dirty) soon();
  if (navDirty) countAgain();
}

if (html.dataset.position) {
  stand();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenTimer = setTimeout(() => document.hidden && stepDown(), HIDDEN);
    else shown();
  });
  window.addEventListener("pagehide", stepDown);
  window.addEventListener("pageshow", (event) => event.persisted && shown());
  window.addEventListener("online", () => leading && open());
  let ticked = Date.now();
  setInterval(() => {
    const now = Date.now();
    const slept = now - ticked > 20000;
    ticked = now;
    if (leading && source && (slept || now - heard > QUIET)) open();
  }, 5000);
}
