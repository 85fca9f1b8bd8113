// The board of action items: cards move by hand, and what a move needs to know is asked for in place. Without this, buttons and pages do the same.

const board = () => document.getElementById("board");
let held = null;

/** Ask for the words that a move needs; the form of the dialog is an ordinary one. */
function ask(kind, item) {
  const dialog = document.getElementById(`ask-${kind}`);
  if (!dialog || !item) return false;
  const form = dialog.querySelector("form");
  form.action = `/actions/${encodeURIComponent(item.dataset.item)}/${kind}`;
  dialog.querySelector(".ask-what").textContent = item.querySelector(".ticket-title").textContent;
  dialog.showModal();
  dialog.querySelector("textarea").focus();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-ask]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && ask(link.dataset.ask, link.closest("[data-item]"))) event.preventDefault();
  event.target.closest?.("[data-close]")?.closest("dialog").close();
});

document.addEventListener("dragstart", (event) => {
  const item = event.target.closest?.("[data-item]");
  if (!item || !board()?.contains(item)) return;
  held = item;
  item.classList.add("is-held");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", item.dataset.item);
});

document.addEventListener("dragend", () => {
  held?.classList.remove("is-held");
  held = null;
  document.querySelectorAll(".column.is-over").forEach((one) => one.classList.remove("is-over"));
});

document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("section[data-column]");
  document.querySelectorAll(".column.is-over").forEach((one) => one === column || one.classList.remove("is-over"));
  if (!held || !column || !wayTo(held, column.dataset.column)) return;
  event.preventDefault();
  column.classList.add("is-over");
});

document.addEventListener("drop", (event) => {
  const column = event.target.closest?.("section[data-column]");
  const way = held && column && wayTo(held, column.dataset.column);
  if (!way) return;
  event.preventDefault();
  const item = held;
  if (way.asks) ask(way.path, item);
  else [...item.querySelectorAll("form")].find((form) => form.action.endsWith(`/${way.path}`))?.requestSubmit();
});

/** How an item gets from its column to another one; nothing where it cannot. */
function wayTo(item, column) {
  const from = item.dataset.column;
  if (from === column) return null;
  const open = from === "waiting" || from === "started";
  if (column === "done" && open) return { path: "done", asks: true };
  if (column === "dropped" && open) return { path: "drop", asks: true };
  if (column === "started" && from === "waiting") return { path: "start" };
  if (column === "waiting" && from === "started") return { path: "put-back" };
  if (column === "waiting" && !open) return { path: "reopen", asks: true };
  return null;
}
