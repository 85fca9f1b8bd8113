// Writing a postmortem: what is typed is kept in this browser with the text that it began from, and somebody else's change is said at once.
// Without this, the form works all the same, and a change in between still shows both texts.

const editor = document.getElementById("editor");

function store(work) {
  try {
    return work(localStorage, sessionStorage);
  } catch {
    return null; // storage is off
  }
}

const key = editor && `tocsin:writing:${document.documentElement.dataset.me}:${editor.dataset.place}`;
const refused = document.getElementById("problem");
const SENT = "tocsin:writing-sent";

// What was sent and taken need not be kept any more: the answer led on to another page (as in app.js). What was refused stands in the form again.
store((kept, here) => {
  const sent = here.getItem(SENT);
  const led = performance.getEntriesByType("navigation")[0]?.redirectCount > 0;
  if (sent && led && !refused && !/^\/(sign-in|setup)$/.test(location.pathname)) kept.removeItem(sent);
  here.removeItem(SENT);
});

if (editor) {
  const text = editor.elements.text;
  const base = editor.elements.base;
  const said = document.getElementById("kept-here");
  const moved = document.getElementById("moved");

  function tell(words) {
    moved.hidden = !words;
    moved.lastElementChild.textContent = words;
    if (words) document.dispatchEvent(new CustomEvent("tocsin:say", { detail: words }));
  }

  const draft = store((kept) => JSON.parse(kept.getItem(key) ?? "null"));
  if (draft && !refused && draft.text !== text.value) {
    const behind = draft.base !== base.value;
    text.value = draft.text;
    base.value = draft.base; // the server compares what it has with what this was written over
    said.textContent = "What you had typed is back.";
    if (behind) tell("The text was changed after you began. Keep shows you both, and nothing is lost.");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  text.addEventListener("input", () => {
    store((kept) => (text.value === text.defaultValue ? kept.removeItem(key) : kept.setItem(key, JSON.stringify({ text: text.value, base: base.value }))));
    said.textContent = text.value === text.defaultValue ? "" : "Kept in this browser until you send it.";
  });
  text.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      editor.requestSubmit();
    }
  });
  editor.addEventListener("submit", () => store((_, here) => here.setItem(SENT, key)));

  // The live page fetched itself: does the same place come from another fact now?
  document.addEventListener("tocsin:fresh", (event) => {
    const there = event.detail.getElementById("editor")?.elements.base?.value;
    if (there === undefined || there === base.value) return;
    if (text.value === text.defaultValue) {
      const theirs = event.detail.getElementById("editor").elements.text.value;
      text.value = text.defaultValue = theirs;
      base.value = there;
      tell("Somebody changed this text; you see the new one.");
    } else {
      tell("Somebody changed this text while you write. Keep shows you both, and nothing is lost.");
    }
  });
}
