// The page: what the reader sets becomes a run, and the run is shown everywhere at once.

const runner = engine.makeEngine(data);
const pictures = makePicture(setTime);
const ROWS = [...new Set([...data.outputs.map((output) => output.name), ...pictures.names])];
const NO_WIDE = [];

const store = makeStore(runner.moved, () => paint());
const charts = data.outputs.map((output, place) => new Chart(output, place, setTime));
const visible = new Set(data.charts);
const presets = makePresets(store);
const levers = makeLevers(store, (place) => tipping.moved(place));
const tiles = makeTiles((place) => {
  if (visible.has(place)) visible.delete(place);
  else visible.add(place);
  arrange();
  paint();
});
const compare = makeCompare(store);
const tipping = makeTipping(store);

const cache = new Map();
let runs = [];
let index = 0;
let wide = null;
let reach = new Map();
let pending = 0;
let playing = 0;

// A run of a state, kept for presets and pins.
function runOf(state, keep = true) {
  const key = JSON.stringify(state);
  if (cache.has(key)) return cache.get(key);
  const run = runner.run(state.preset, state.values, ROWS);
  if (keep) cache.set(key, run);
  return run;
}

function titleOf(state) {
  const moved = runner.moved(state.preset, state.values);
  const words = moved.map((lever) => `${data.levers[lever].label} ${grouped(state.values[lever])}`);
  const preset = data.presets[state.preset].title;
  if (!words.length) return preset;
  return state.preset === 0 ? words.join(", ") : `${preset}; ${words.join(", ")}`;
}

// All that a change of state makes different, once a frame.
function paint() {
  if (!pending) pending = requestAnimationFrame(painted);
}

function painted() {
  pending = 0;
  const state = store.now;
  const moved = runner.moved(state.preset, state.values);
  const isBaseline = state.preset === 0 && !moved.length;
  const base = runOf({ preset: 0, values: {} });
  const now = runOf(state, !moved.length);
  const all = [
    { ...base, look: "base", title: data.presets[0].title, state: { preset: 0, values: {} } },
    ...store.pins.map((pin) => ({ ...runOf(pin.state), look: `pin${pin.colour}`, title: pin.title, pin: pin.state, state: pin.state })),
    ...(isBaseline ? [] : [{ ...now, look: "now", title: `Now: ${titleOf(state)}`, state }]),
  ];
  for (const run of all) if (run.pin) run.pin = store.pins.find((pin) => pin.state === run.state);
  runs = all;
  presets(state);
  levers(state);
  tiles(now, base, visible, isBaseline);
  const { marks } = data.presets[state.preset];
  const happens = moved.length && !marks.some(([time]) => time === data.presets[state.preset].from) && !data.presets[state.preset].recompute ? [...marks, [data.presets[state.preset].from, "Levers take effect"]].sort((a, b) => a[0] - b[0]) : marks;
  for (const place of visible) {
    const { name } = data.outputs[place];
    charts[place].update(now.time, all.map((run) => ({ column: run.values.get(name), look: run.look })), happens, wide ? wide.get(name) : NO_WIDE);
    charts[place].point(index);
  }
  pictures.setRun(now, reach);
  legend(all, happens);
  buttons(state, moved);
  settle();
}

function legend(all, marks) {
  at("legend").replaceChildren(...all.map((run) => make("span", { dir: "auto" }, make("i", { class: `sample ${run.look}`, "aria-hidden": "true" }), run.look === "base" ? `${run.title} (baseline)` : run.title)));
  at("marks").replaceChildren(...marks.map(([time, text]) => make("li", { dir: "auto" }, make("b", { text: moment(time) }), ` ${text}`)));
}

function buttons(state, moved) {
  at("undo").disabled = !store.undoable;
  at("redo").disabled = !store.redoable;
  at("reset").disabled = state.preset === 0 && !moved.length;
  at("pin").disabled = store.pins.length >= PINS || (state.preset === 0 && !moved.length);
}

// What may wait until the hand rests: words, loops, the table, and the search for a tipping point.
const settle = (function () {
  let timer;
  return function () {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const state = store.now;
      const moved = runner.moved(state.preset, state.values);
      const now = runOf(state, !moved.length);
      const near = moved.length ? nearest(now) : state.preset;
      const exactly = !moved.length;
      const told = verdict(now, near, exactly, pictures.ruling(near));
      at("word").textContent = told.word;
      at("verdict").className = told.kind;
      at("sentence").textContent = told.text;
      announce(`${told.word}. ${told.text}`);
      pictures.setStrip(data.loops ? near : null, now.time);
      at("strip-of").textContent = near !== null && data.loops && data.loops.strips[near].silent ? data.loops.strips[near].silent : near === null ? "No scenario runs like this; loops are scored for scenarios only." : exactly ? "" : `Loops of \u2018${data.presets[near].title}\u2019, the scenario whose course is nearest to yours.`;
      compare(runs);
      for (const place of visible) describe(charts[place]);
      tipping.ask();
    }, 120);
  };
})();

function describe(chart) {
  const ends = runs.map((run) => {
    const column = run.values.get(chart.output.name);
    const decimals = places(column[0], column[column.length - 1]);
    return `${run.title}: from ${number(column[0], decimals)} to ${number(column[column.length - 1], decimals)}`;
  });
  chart.svg.setAttribute("aria-label", `Line chart of ${chart.output.title} over time${chart.output.units ? `, ${chart.output.units}` : ""}. ${ends.join(". ")}.`);
}

// The preset whose headlines run nearest, null where none is within an eighth of what presets span.
function nearest(run) {
  if (wide === null) return null;
  let best = null;
  let least = 0.125;
  data.presets.forEach((_, place) => {
    const other = runOf({ preset: place, values: {} });
    let sum = 0;
    let count = 0;
    for (const { name } of data.outputs) {
      const [low, high] = bounds(wide.get(name));
      const a = run.values.get(name);
      const b = other.values.get(name);
      let square = 0;
      for (let k = 0; k < a.length; k++) square += (a[k] - b[k]) ** 2;
      const distance = Math.sqrt(square / a.length) / (high - low);
      sum += Number.isFinite(distance) ? distance : 1;
      count += 1;
    }
    const first = data.outputs[Math.max(0, data.outputs.findIndex((each) => each.good !== "neither"))].name;
    const same = engine.side(run.values.get(first)) === engine.side(other.values.get(first));
    if (same && sum / count < least) {
      least = sum / count;
      best = place;
    }
  });
  return best;
}

function arrange() {
  const box = at("charts");
  data.outputs.forEach((_, place) => {
    const { figure } = charts[place];
    if (visible.has(place)) {
      const after = [...box.children].find((each) => Number(each.dataset.output) > place) || null;
      if (figure.parentNode !== box) box.insertBefore(figure, after);
    } else figure.remove();
  });
}

function setIndex(place) {
  index = place;
  const time = runs[0].time;
  at("time").value = index;
  at("time").setAttribute("aria-valuetext", moment(time[index]));
  at("when").textContent = moment(time[index]);
  for (const each of visible) charts[each].point(index);
  pictures.point(index);
}

function setTime(time) {
  const saved = runs[0].time;
  let low = 0;
  let high = saved.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (saved[middle] <= time) low = middle;
    else high = middle;
  }
  stop();
  setIndex(time - saved[low] < saved[high] - time ? low : high);
}

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  at("play").textContent = "\u25b6 Play";
}

function play() {
  if (playing) return stop();
  const last = runs[0].time.length - 1;
  const from = index >= last ? 0 : index;
  const begun = performance.now();
  const length = 9000;
  at("play").textContent = "\u23f8 Pause";
  const frame = (now) => {
    const place = Math.min(last, from + Math.round(((now - begun) / length) * last));
    setIndex(place);
    if (place < last) playing = requestAnimationFrame(frame);
    else stop();
  };
  playing = requestAnimationFrame(frame);
}

function pin() {
  const state = store.now;
  const used = store.pins.map((each) => each.colour);
  const colour = [0, 1, 2, 3, 4].find((each) => !used.includes(each));
  store.pins.push({ state: { preset: state.preset, values: { ...state.values } }, title: titleOf(state), colour, preset: state.preset, values: state.values });
  paint();
  announce("The run is pinned.");
}

function tools() {
  at("undo").onclick = store.undo;
  at("redo").onclick = store.redo;
  at("reset").onclick = () => store.set({ preset: 0, values: {} });
  at("pin").onclick = pin;
  at("play").onclick = play;
  at("time").oninput = () => { stop(); setIndex(Number(at("time").value)); };
  at("share").onclick = () => offer("An address for this run", "It opens this file with the levers where they stand now: whoever has the file sees the same.", location.href);
  at("png").onclick = () => savePng(charts, runs);
  at("svg").onclick = () => save(fileName(".svg"), picture(charts, runs).text, "image/svg+xml");
  at("csv").onclick = () => save(fileName(".csv"), csv(runs), "text/csv");
  at("study").hidden = data.study === null;
  at("study").onclick = () => offer("A study of your runs", `Save it${/[/.]/.test(data.study.head.model) ? " beside the study it came from" : ""} and run it: cyclesim run ${fileName("_mine.yaml")}`, ownStudy(ownRuns()), fileName("_mine.yaml"));
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || /^(textarea)$/i.test(event.target.tagName)) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) store.undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) store.redo();
    else return;
    event.preventDefault();
  });
}

function ownRuns() {
  const own = runs.slice(1).filter((run) => Object.keys(run.state.values).length);
  return own.map((run, place) => ({ name: own.length > 1 ? `my run ${place + 1}` : "my run", title: run.title.replace(/^Now: /, ""), state: run.state }));
}

function about() {
  at("about").append(...data.about.filter(([, text]) => text).map(([name, text]) => make("div", {}, make("dt", { text: name }), make("dd", { dir: "auto", text }))));
}

// What all presets reach: charts keep their scale and stocks their measure while levers move.
function widen() {
  wide = new Map(data.outputs.map((output) => [output.name, []]));
  reach = new Map();
  data.presets.forEach((_, place) => {
    const run = runOf({ preset: place, values: {} });
    for (const output of data.outputs) wide.get(output.name).push(bounds([run.values.get(output.name)]));
    for (const names of pictures.groups) {
      const sums = Array.from(run.time, (_time, k) => pictures.total(run.values, names, k)).filter(Number.isFinite);
      const [low, high] = reach.get(names[0]) || [0, 0];
      reach.set(names[0], [Math.min(low, ...sums), Math.max(high, ...sums)]);
    }
  });
  for (const [name, pairs] of wide) wide.set(name, [[Math.min(...pairs.map(([low]) => low)), Math.max(...pairs.map(([, high]) => high))]]);
  paint();
}

const story = makeStory(store, pictures, () => paint());

for (const id of data.levers.length ? [] : ["levers-title", "tipping"]) at(id).hidden = true;
store.start();
arrange();
about();
tools();
painted();
at("time").max = runs[0].time.length - 1;
setIndex(Math.round(0.6 * (runs[0].time.length - 1)));
new ResizeObserver(() => { paint(); if (story) story.resized(); }).observe(document.querySelector("main"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
setTimeout(() => {
  widen();
  document.documentElement.dataset.ready = "";
}, 0);
