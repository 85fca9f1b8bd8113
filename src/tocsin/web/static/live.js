// Live pages: the server says that something changed, the page fetches itself and puts the changed parts in place.
// Nothing that somebody reads is moved, and nothing that somebody types is touched.

const page = document.querySelector("[data-feed]");
let feed = null;
let busy = false;
let again = false;

/** Parts that a person is in are left alone until they are done. */
function taken(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  return [...part.querySelectorAll("input, textarea, select")].some((field) =>
    field.type === "hidden" ? false : field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.tagName !== "SELECT" && field.value !== field.defaultValue,
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

function put(fresh) {
  let left = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || plain(next) === plain(part)) continue;
    if (taken(part)) {
      left = true;
      continue;
    }
    const open = new Map([...part.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    for (const one of next.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = open.get(one.id);
    const focus = part.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : null;
    part.replaceChildren(...next.childNodes);
    if (focus) document.getElementById(focus)?.querySelector("summary, a, button")?.focus({ preventScroll: true });
  }
  return left;
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const version = page.dataset.version;
    const url = new URL(location.href);
    url.hash = "";
    if (version !== undefined) url.searchParams.set("since", version);
    const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") return location.assign(answer.url);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.dispatchEvent(new CustomEvent("tocsin:now", { detail: Date.parse(fresh.documentElement.dataset.now) }));
    const left = put(fresh);
    document.dispatchEvent(new CustomEvent("tocsin:fresh", { detail: fresh }));
    const newer = fresh.querySelector("[data-version]")?.dataset.version;
    if (newer !== undefined) page.dataset.version = newer;
    if (left) document.addEventListener("focusout", () => setTimeout(refresh, 300), { once: true });
  } catch {
    // The network is away; the feed connects again and tells what was missed.
  } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function connect() {
  if (feed || document.hidden) return;
  const url = new URL(page.dataset.feed, location.href);
  if (page.dataset.version !== undefined) url.searchParams.set("after", page.dataset.version);
  feed = new EventSource(url);
  feed.addEventListener("change", refresh);
}

if (page) {
  connect();
  // A page in the background holds no connection; it catches up when it is looked at again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      feed?.close();
      feed = null;
    } else {
      connect();
      refresh();
    }
  });
  window.addEventListener("pagehide", () => {
    feed?.close();
    feed = null;
  });
  window.addEventListener("pageshow", (event) => event.persisted && (connect(), refresh()));
}
