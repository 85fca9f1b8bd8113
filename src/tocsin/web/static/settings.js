// Settings: copy an address, one more row in a list of rows, filter a list while one types, steps of a ladder. Everything works without it, with more clicks.

function say(text) {
  document.dispatchEvent(new CustomEvent("tocsin:say", { detail: text }));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      say("Copied");
    } catch {
      const code = button.parentElement.querySelector("code, pre");
      if (code) getSelection().selectAllChildren(code); // no permission: it is marked, ready for Ctrl C
      button.textContent = "Press Ctrl C";
    }
    setTimeout(() => (button.textContent = before), 2000);
    return;
  }
  const step = event.target.closest("[data-step]");
  if (step) moveStep(step);
});

// A list of rows grows by itself: typing in the last row makes another one.
document.addEventListener("input", (event) => {
  const rows = event.target.closest("[data-rows]");
  if (rows) grow(rows);
  const filter = event.target.closest("[data-filter]");
  if (filter) sieve(filter);
});
document.addEventListener("change", (event) => {
  const rows = event.target.closest("[data-rows]");
  if (rows) grow(rows);
});

function grow(rows) {
  const all = [...rows.children].filter((one) => one.tagName !== "DATALIST");
  const last = all.at(-1);
  const used = [...last.querySelectorAll("input, select")].some((field) => (field.tagName === "SELECT" ? field.selectedIndex > 0 && field === last.querySelector("select") : field.value !== field.defaultValue));
  if (!used || all.length > 40) return;
  const more = last.cloneNode(true);
  more.querySelectorAll("input").forEach((field) => (field.value = field.defaultValue));
  more.querySelectorAll("select").forEach((field) => (field.selectedIndex = 0));
  last.after(more);
}

function sieve(filter) {
  const words = filter.value.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll(`${filter.dataset.filter} [data-text]`)) {
    const text = row.dataset.text.toLocaleLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  say(`${shown} shown`);
}

// Steps of a ladder, layers of a schedule: up, down, away, one more. The fields keep their names; the server reads them in the order of the page.
function moveStep(button) {
  const item = button.closest("[data-steps] > *");
  const list = button.closest("[data-steps]") ?? document.getElementById(button.dataset.of);
  switch (button.dataset.step) {
    case "up":
      item.previousElementSibling?.before(item);
      break;
    case "down":
      item.nextElementSibling?.after(item);
      break;
    case "away":
      if (list.children.length > 1) item.remove();
      break;
    case "more": {
      const more = list.lastElementChild.cloneNode(true);
      more.querySelectorAll("[data-rows]").forEach((rows) => [...rows.children].slice(0, -1).forEach((row) => row.remove()));
      more.querySelectorAll("input:not([type=hidden]), textarea").forEach((field) => {
        if (field.type === "checkbox" || field.type === "radio") field.checked = field.defaultChecked;
        else if (!field.hasAttribute("data-keep")) field.value = "";
      });
      const taken = new Set([...list.querySelectorAll("input[data-key]")].map((field) => field.value));
      let number = list.children.length + 1;
      while (taken.has(`layer-${number}`)) number += 1;
      more.querySelectorAll("input[data-key]").forEach((field) => (field.value = `layer-${number}`));
      list.append(more);
      more.querySelector("input:not([type=hidden]), select, textarea")?.focus();
      break;
    }
  }
  renumber(list);
  list.dispatchEvent(new Event("change", { bubbles: true }));
  if (button.isConnected) button.focus();
}

function renumber(list) {
  [...list.children].forEach((item, place) => {
    item.querySelectorAll("[data-number]").forEach((one) => (one.textContent = String(place + 1)));
    // Fields that come several times per item carry the item's place in their name.
    item.querySelectorAll("[data-name]").forEach((field) => (field.name = field.dataset.name.replace("*", String(place))));
  });
}
document.querySelectorAll("[data-steps]").forEach(renumber);
