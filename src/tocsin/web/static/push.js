// The page /push: asks the browser for a push subscription and sends it with the page's own form. The worker that shows what comes is /sw.js.

const form = document.getElementById("subscribe");
const says = document.getElementById("push-says");
const button = form?.querySelector("button");

function bytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function device() {
  const name = navigator.userAgentData?.platform || (/(iPhone|iPad|Android|Macintosh|Windows|Linux)/.exec(navigator.userAgent) ?? ["device"])[0];
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)/.exec(navigator.userAgent)?.[0] ?? "";
  return `${name} ${browser.replace("Edg", "Edge").replace("OPR", "Opera")}`.trim();
}

async function subscribe() {
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const key = bytes(form.dataset.key);
  let there = await registration.pushManager.getSubscription();
  const made = there?.options?.applicationServerKey;
  if (there && made && !bytes(form.dataset.key).every((byte, at) => byte === new Uint8Array(made)[at])) {
    await there.unsubscribe(); // it belongs to an installation that was here before
    there = null;
  }
  return there ?? registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

function tell(text) {
  says.textContent = text;
}

if (form) {
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  const phone = /iPhone|iPad/.test(navigator.userAgent);
  if (!window.isSecureContext) {
    tell("Browsers take notifications from encrypted addresses only. Open Tocsin by its https address.");
  } else if (!able && phone && !navigator.standalone) {
    tell("On an iPhone or iPad: tap Share, then Add to Home Screen, open Tocsin from there, and come back to this page.");
  } else if (!able) {
    tell("This browser cannot show notifications of a site. Use another one, or ntfy.");
  } else if (Notification.permission === "denied") {
    tell("This browser was told to show no notifications of Tocsin. Allow them in its settings of this site, then load this page again.");
  } else {
    button.hidden = false;
    tell("");
  }
  form.elements.device.value ||= device();
  form.addEventListener("submit", async (event) => {
    if (form.elements.subscription.value) return;
    event.preventDefault();
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        tell("Nothing was changed: the browser was not allowed to show notifications.");
        return;
      }
      const made = await subscribe();
      form.elements.subscription.value = JSON.stringify(made);
      form.requestSubmit();
    } catch (error) {
      tell(`The browser could not subscribe: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
}

// Installing: the browser's own question where it has one, otherwise the way for this device alone.
const install = document.getElementById("install");
if (install) {
  const ios = /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
  const here = ios ? "ios" : /Android/.test(navigator.userAgent) ? "android" : "desk";
  for (const way of install.querySelectorAll("[data-on]")) way.hidden = way.dataset.on !== here;
  if (matchMedia("(display-mode: standalone)").matches || navigator.standalone) install.hidden = true;
  const now = document.getElementById("install-now");
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    now.hidden = false;
    now.addEventListener("click", () => event.prompt(), { once: true });
  });
  window.addEventListener("appinstalled", () => (install.hidden = true));
}
