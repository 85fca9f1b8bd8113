// Shows what the server pushes, and answers for the person who taps. Of the pages it keeps one only: the one that says that there is no connection.
// Nothing that belongs to anybody lies in its cache, and nothing is shown from it while the server answers.

const CACHE = "tocsin-offline";
const OFFLINE = "/offline";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keep().catch(() => {})); // without it the browser says itself that there is no connection
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data?.type === "build") event.waitUntil(renew(event.data.build).catch(() => {}));
});

/** Keep the page for no connection, with the files that it names. */
async function keep() {
  const answer = await fetch(OFFLINE, { credentials: "omit", cache: "reload" });
  if (!answer.ok) return;
  const text = await answer.clone().text();
  const cache = await caches.open(CACHE);
  for (const old of await cache.keys()) await cache.delete(old);
  await cache.put(OFFLINE, answer);
  await cache.addAll([...new Set(text.match(/\/static\/[\w.-]+/g) ?? [])]);
}

/** The pages have changed since: so has that one. */
async function renew(build) {
  const kept = await (await caches.open(CACHE)).match(OFFLINE);
  if (!kept || !(await kept.text()).includes(`data-build="${build}"`)) await keep();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await (await caches.open(CACHE)).match(OFFLINE)) ?? Response.error()));
  } else if (new URL(request.url).pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(async () => (await (await caches.open(CACHE)).match(request)) ?? Response.error()));
  }
});

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    said = { title: event.data?.text() };
  }
  event.waitUntil(show(said));
});

function show(said) {
  const actions = said.acknowledge ? [{ action: "acknowledge", title: "Acknowledge" }, { action: "open", title: "Open" }] : [];
  return self.registration.showNotification(said.title || "Tocsin", {
    body: said.body || "",
    tag: said.tag || said.key || "tocsin",
    renotify: said.kind !== "status", // a page rings each time; that it is over only takes its place
    requireInteraction: Boolean(said.urgent),
    // A browser refuses a silent notification that also vibrates.
    ...(said.kind === "status" ? { silent: true } : { vibrate: said.urgent ? [400, 150, 400, 150, 800] : [200] }),
    timestamp: Date.parse(said.at) || Date.now(),
    icon: "/icon-192.png",
    badge: "/icon-192.png",
    actions,
    data: said,
  });
}

self.addEventListener("notificationclick", (event) => {
  const said = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(event.action === "acknowledge" ? acknowledge(said) : open(said));
});

/** The address is the proof; no cookie goes with it. Whatever happens is said, for a tap that is lost must not look like one that counted. */
async function acknowledge(said) {
  for (const wait of [0, 1000, 4000]) {
    if (wait) await new Promise((done) => setTimeout(done, wait));
    try {
      const answer = await fetch(said.acknowledge, { method: "POST", credentials: "omit", headers: { accept: "application/json" } });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) return show({ ...said, kind: "status", urgent: false, acknowledge: "", title: `You have it: ${said.title}`, body: told.says ?? "" });
      if (answer.status < 500) return show({ ...said, kind: "other", acknowledge: "", title: `Not acknowledged: ${said.title}`, body: told.detail ?? "Open it." });
    } catch {
      // no connection: once more
    }
  }
  return show({ ...said, kind: "other", title: `Not acknowledged: ${said.title}`, body: "Tocsin cannot be reached from here. Try again, or call somebody." });
}

async function open(said) {
  const address = said.link || "/";
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (client.url === address) return client.focus();
  }
  return self.clients.openWindow(address);
}

/** The push service has given the browser another address. The old subscription, whole, is the proof that it is the same one. */
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const old = event.oldSubscription;
      if (!old) return;
      const made = event.newSubscription ?? (await self.registration.pushManager.subscribe(old.options));
      await fetch("/push/renew", {
        method: "POST",
        credentials: "omit",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ old: JSON.stringify(old), new: JSON.stringify(made) }),
      });
    })(),
  );
});
