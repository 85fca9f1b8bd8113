// A wall screen: its clock runs, and it is kept awake while it is looked at.

const root = document.documentElement;
const clock = document.getElementById("wall-clock");
const skew = Date.parse(root.dataset.now) - Date.now();
let frozen = "virtual" in root.dataset ? Date.parse(root.dataset.now) : null;
document.addEventListener("tocsin:now", (event) => frozen !== null && (frozen = event.detail));

function tick() {
  const at = new Date(frozen ?? Date.now() + skew);
  const text = at.toISOString().slice(11, 16);
  if (clock.textContent !== text) clock.textContent = text;
}
setInterval(tick, 1000);

async function awake() {
  if (document.hidden || !navigator.wakeLock) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // the device saves power; the screen is its owner's affair
  }
}
awake();
document.addEventListener("visibilitychange", awake);
