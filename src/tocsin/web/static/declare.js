// Declaring from anywhere: on a desk the form opens in a dialog over the page, on a phone as a page of its own.

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[href^='/declare'], [data-declare]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0 || !globalThis.htmx || !matchMedia("(min-width: 768px)").matches) return;
  if (document.querySelector("main .declare")) return; // it is this page already
  event.preventDefault();
  try {
    await open(link.href);
  } catch {
    location.assign(link.href);
  }
});

async function open(address) {
  const answer = await fetch(address, { headers: { accept: "text/html", "x-tocsin-part": "dialog" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("not here");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const style = document.head.querySelector("link[data-declare-style]") ?? document.createElement("link");
  if (!style.isConnected) {
    style.rel = "stylesheet";
    style.dataset.declareStyle = "";
    style.href = document.querySelector("meta[name=declare-style]").content;
    await new Promise((done) => {
      style.addEventListener("load", done, { once: true });
      style.addEventListener("error", done, { once: true });
      document.head.append(style);
    });
  }
  const dialog = document.createElement("dialog");
  dialog.className = "declare-dialog";
  dialog.setAttribute("aria-labelledby", "declare-title");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet dialog-close";
  close.setAttribute("aria-label", "Close without declaring");
  close.textContent = "✕";
  close.addEventListener("click", () => dialog.close());
  dialog.append(...fresh.body.childNodes, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  document.dispatchEvent(new CustomEvent("tocsin:forms", { detail: dialog }));
  dialog.showModal();
  globalThis.htmx.process(dialog);
  dialog.querySelector("[name=title]")?.focus();
}
