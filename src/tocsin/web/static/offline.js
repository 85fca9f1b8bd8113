// The page for no connection: says what was known and since when, and goes on as soon as the server answers.

const parts = { mine: ["page calls you", "pages call you"], tried: ["page that nobody answered", "pages that nobody answered"], open: ["open incident", "open incidents"], firing: ["group of alerts without an incident", "groups of alerts without an incident"] };

try {
  const known = JSON.parse(localStorage.getItem("tocsin:known") ?? "null");
  if (known) {
    const list = document.getElementById("offline-list");
    for (const [name, [one, many]] of Object.entries(parts)) {
      if (!known[name]) continue;
      const item = document.createElement("li");
      item.textContent = `${known[name]} ${known[name] === 1 ? one : many}`;
      list.append(item);
    }
    if (!list.childElementCount) {
      const item = document.createElement("li");
      item.textContent = "Nothing was on fire.";
      list.append(item);
    }
    const minutes = Math.round((Date.now() - Date.parse(known.at)) / 60000);
    document.getElementById("offline-at").textContent = `As of ${new Date(known.at).toLocaleString()}, ${minutes < 1 ? "a moment" : minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`} ago. It may be otherwise by now.`;
    document.getElementById("offline-known").hidden = false;
  }
} catch {
  // storage is off
}

const since = new Date();
const says = document.getElementById("offline-since");
says.textContent = `${navigator.onLine ? "The server does not answer" : "This device has no connection"}, since ${since.toLocaleTimeString()} at the latest. This page tries again by itself.`;

let wait = 3000;
let timer = 0;
async function again() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (answer.ok) return location.pathname === "/offline" ? location.assign("/") : location.reload();
  } catch {
    // not yet
  }
  wait = Math.min(30000, wait * 1.5);
  timer = setTimeout(again, wait);
}
timer = setTimeout(again, wait);
window.addEventListener("online", again);
document.getElementById("offline-again").addEventListener("click", again);
