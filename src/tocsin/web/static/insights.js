// Draws the single incidents behind the lines of a chart over time. Without it the server's drawing stands, with a link on every step.

const words = (seconds) => {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
};
const short = (s) =>
  s === 0 ? "0m" : [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]].reduce(([text, rest], [unit, size]) => [text + (rest >= size ? `${Math.floor(rest / size)}${unit}` : ""), rest % size], ["", s])[0];
const LADDER = [1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 86400, 259200, 604800, 2419200, 15724800, 31449600];
const EVEN = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The marks of the scale, as the server chooses them. */
function marks(values, log) {
  const known = values.filter((v) => v > 0);
  const least = Math.min(...known);
  const most = Math.max(...known);
  if (log) {
    const low = LADDER.filter((s) => s <= least).pop() ?? 1;
    const high = LADDER.find((s) => s >= most) ?? Math.ceil(most);
    const all = LADDER.filter((s) => s >= low && s <= high);
    const each = Math.max(1, Math.ceil(all.length / 6));
    return { range: [low, high], ticks: all.filter((_, i) => i % each === 0) };
  }
  const step = EVEN.find((s) => most / s <= 6) ?? Math.ceil(most / 6);
  const high = step * Math.ceil(most / step);
  return { range: [0, high], ticks: Array.from({ length: high / step + 1 }, (_, i) => i * step) };
}

function draw(body, rows, steps) {
  const log = Boolean(body.dataset.log);
  const height = Number(body.dataset.height) + 34;
  const data = uPlot.join([
    [rows.map((r) => r.x), rows.map((r) => (log ? Math.max(r.value, 1) : r.value))],
    [steps.map((s) => s.at), steps.map((s) => s.p90), steps.map((s) => s.median)],
  ], [[0, 0], [0, 1, 1]]); // a step without a value is a gap in its line
  const { range, ticks } = marks([...rows.map((r) => r.value), ...steps.flatMap((s) => [s.median, s.p90]).filter((v) => v !== null)], log);
  const place = document.createElement("div");
  place.className = "plot";
  place.tabIndex = 0;
  place.setAttribute("role", "application");
  place.setAttribute("aria-roledescription", "chart");
  place.setAttribute("aria-label", `${body.querySelector(".chart-svg").getAttribute("aria-label")}. The arrow keys walk along the incidents, Enter opens one.`);
  const says = document.createElement("div");
  says.className = "plot-says";
  says.hidden = true;
  const spoken = document.createElement("p");
  spoken.className = "unseen";
  spoken.setAttribute("aria-live", "polite");
  const many = rows.length > 600;
  let chosen = -1;

  const make = () => {
    const soft = colour("--faint");
    const axis = { stroke: soft, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
    return new uPlot({
      width: place.clientWidth, height, legend: { show: false }, padding: [8, 8, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true, range: () => [steps[0].begin, steps.at(-1).end] }, y: { distr: log ? 3 : 1, range: () => range } },
      axes: [
        { ...axis, size: 30, gap: 8, grid: { show: false }, splits: (u) => chosenSteps(u, steps), values: (u, at) => at.map((t) => steps.find((s) => s.at === t)?.name ?? "") },
        { ...axis, size: 46, splits: () => ticks, values: (u, at) => at.map((v) => (v === null ? "" : short(v))), filter: (u, at) => at },
      ],
      series: [
        {},
        { label: "incident", paths: () => null, stroke: colour("--edge"), points: { show: true, size: many ? 4 : 6, width: 0, fill: colour("--edge") + (many ? "66" : "99") } },
        { label: "90 %", stroke: colour("--link"), width: 1.5, dash: [5, 4], points: { show: true, size: 7, fill: colour("--link"), stroke: colour("--sheet") } },
        { label: "median", stroke: colour("--ink"), width: 2, points: { show: true, size: 8, fill: colour("--ink"), stroke: colour("--sheet") } },
      ],
      hooks: {
        draw: [(u) => {
          // Steps of fewer than five cases are hollow, as in the server's drawing.
          for (const step of steps.filter((s) => s.count > 0 && s.count < 5)) {
            for (const [value, edge] of [[step.p90, "--link"], [step.median, "--ink"]]) {
              u.ctx.beginPath();
              u.ctx.arc(u.valToPos(step.at, "x", true), u.valToPos(log ? Math.max(value, 1) : value, "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
              u.ctx.fillStyle = colour("--sheet");
              u.ctx.strokeStyle = colour(edge);
              u.ctx.lineWidth = 1.5 * devicePixelRatio;
              u.ctx.fill();
              u.ctx.stroke();
            }
          }
        }],
        setSelect: [(u) => {
          if (u.select.width < 12) return;
          const url = new URL(location.href);
          url.searchParams.delete("last");
          url.searchParams.set("from", day(u.posToVal(u.select.left, "x")));
          url.searchParams.set("to", day(u.posToVal(u.select.left + u.select.width, "x")));
          location.assign(url);
        }],
      },
    }, data, place);
  };
  const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

  body.append(place);
  body.classList.add("drawn");
  let plot = make();
  place.append(says, spoken);

  const show = (index, aloud) => {
    chosen = index;
    if (index < 0) {
      says.hidden = true;
      return;
    }
    const one = rows[index];
    const text = document.createElement("b");
    text.textContent = `${one.estimated ? "about " : ""}${words(one.value)}`;
    says.replaceChildren(text, `${one.title}, ${day(one.x)}`);
    says.hidden = false;
    const left = plot.valToPos(one.x, "x") + plot.over.offsetLeft;
    const top = plot.valToPos(log ? Math.max(one.value, 1) : one.value, "y") + plot.over.offsetTop;
    says.style.left = `${Math.max(0, Math.min(left + 12, place.clientWidth - says.offsetWidth))}px`;
    says.style.top = `${Math.max(0, top - says.offsetHeight - 10)}px`;
    if (aloud) spoken.textContent = `${words(one.value)}, ${one.title}, ${day(one.x)}`;
  };
  const near = (event) => {
    const box = plot.over.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1;
    let least = 18 ** 2;
    rows.forEach((one, index) => {
      const far = (plot.valToPos(one.x, "x") - x) ** 2 + (plot.valToPos(log ? Math.max(one.value, 1) : one.value, "y") - y) ** 2;
      if (far < least) [best, least] = [index, far];
    });
    return best;
  };
  place.addEventListener("pointermove", (event) => show(near(event), false));
  place.addEventListener("pointerleave", () => show(-1, false));
  place.addEventListener("click", (event) => {
    const index = near(event);
    if (index >= 0) location.assign(`/incidents/${encodeURIComponent(rows[index].incident)}`);
  });
  place.addEventListener("keydown", (event) => {
    const to = { ArrowRight: chosen + 1, ArrowLeft: chosen < 0 ? rows.length - 1 : chosen - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(Math.max(0, Math.min(rows.length - 1, to)), true);
    } else if (event.key === "Enter" && chosen >= 0) {
      location.assign(`/incidents/${encodeURIComponent(rows[chosen].incident)}`);
    } else if (event.key === "Escape") show(-1, false);
  });
  place.addEventListener("blur", () => show(-1, false));

  const again = () => {
    plot.destroy();
    plot = make();
    place.append(says, spoken);
  };
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth && place.clientWidth !== width) {
      width = place.clientWidth;
      plot.setSize({ width, height });
    }
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

/** The names below the chart: only as many as have room, the newest always among them. */
function chosenSteps(u, steps) {
  const room = Math.max(2, Math.floor(u.bbox.width / devicePixelRatio / 84));
  const each = Math.max(1, Math.ceil(steps.length / room));
  return steps.filter((_, i) => (steps.length - 1 - i) % each === 0).map((s) => s.at);
}

for (const body of document.querySelectorAll("[data-points]")) {
  const answer = await fetch(body.dataset.points, { headers: { accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) continue;
  const found = await answer.json();
  if (!found.points.length) continue;
  const rows = found.points.map(([x, value, incident, title, estimated]) => ({ x, value, incident, title, estimated })).sort((a, b) => a.x - b.x);
  draw(body, rows, found.steps);
}
