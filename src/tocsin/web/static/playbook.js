// The editor of a playbook: numbers beside the lines, and a press on a finding goes to its place. Without this, the text and its checks work all the same.

const text = document.getElementById("text");
const numbers = document.getElementById("numbers");

function number() {
  const count = text.value.split("\n").length;
  if (Number(numbers.dataset.count) !== count) {
    numbers.dataset.count = count;
    numbers.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
  }
  numbers.scrollTop = text.scrollTop;
}

text.addEventListener("input", number);
text.addEventListener("scroll", () => (numbers.scrollTop = text.scrollTop), { passive: true });
new ResizeObserver(number).observe(text);
number();

document.addEventListener("click", (event) => {
  const place = event.target.closest?.("a[data-line]");
  if (!place) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const line = Math.min(Number(place.dataset.line), lines.length);
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + lines[line - 1].length);
  text.scrollTop = Math.max(0, (line - 6) * 20);
  text.scrollLeft = 0;
});

// A tab in a text indents; Escape first gives the key back to moving on.
let free = false;
text.addEventListener("keydown", (event) => {
  if (event.key === "Escape") free = true;
  else if (event.key === "Tab" && !event.shiftKey && !free) {
    event.preventDefault();
    text.setRangeText("  ", text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (event.key !== "Shift") free = false;
});
