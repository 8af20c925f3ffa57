// Presets, levers, tiles, what the run comes to in words, and the runs that are compared.

function makePresets(store) {
  const box = at("presets");
  const inputs = data.presets.map((preset, place) => {
    const input = make("input", { type: "radio", name: "preset", id: `preset-${place}`, value: place, onchange: () => store.set({ preset: place, values: {} }) });
    const label = make("label", { for: `preset-${place}`, dir: "auto", text: preset.title });
    if (preset.description) label.title = preset.description;
    box.append(make("span", { class: "chip" }, input, label));
    return input;
  });
  return function (state) {
    inputs[state.preset].checked = true;
    at("description").textContent = data.presets[state.preset].description || data.presets[state.preset].changes.join("; ");
  };
}

function makeLevers(store, onMove) {
  const groups = new Map();
  data.levers.forEach((lever, place) => {
    if (!groups.has(lever.group)) {
      const set = make("fieldset", { class: "group" });
      if (lever.group || data.levers.some((each) => each.group)) set.append(make("legend", { dir: "auto", text: lever.group || "Others" }));
      groups.set(lever.group, set);
      at("levers").append(set);
    }
  });
  const rows = data.levers.map((lever, place) => leverRow(lever, place, store, onMove, groups.get(lever.group)));
  return function (state) { rows.forEach((row) => row(state)); };
}

// The number of a lever as it stands: the reader's, the preset's, or what it was before a course.
function leverNumber(state, place) {
  const preset = data.presets[state.preset];
  if (place in state.values) return state.values[place];
  return preset.levers[place] === null ? preset.bases[place] : preset.levers[place];
}

function leverRow(lever, place, store, onMove, group) {
  const id = `lever-${place}`;
  const output = make("output", { for: id });
  const reset = make("button", { type: "button", class: "reset", "aria-label": `Reset ${lever.label}`, title: "Back to the scenario's own", text: "\u21ba", onclick: () => {
    const values = { ...store.now.values };
    delete values[place];
    store.set({ preset: store.now.preset, values });
    at(id).focus();
  } });
  const input = make("input", { type: "range", id, min: lever.low, max: lever.high, step: lever.step, "aria-describedby": `${id}-help` });
  const scale = make("div", { class: "scale", "aria-hidden": "true" });
  const share = (value) => (value - lever.low) / (lever.high - lever.low);
  const note = make("span", { class: "course" });
  const help = make("p", { class: "help", id: `${id}-help`, dir: "auto" }, note, lever.help);
  let bases = null;

  function marks(preset) {
    const { bases: own } = data.presets[preset];
    if (own[place] === bases) return;
    bases = own[place];
    scale.replaceChildren(make("span", { class: "end", text: grouped(lever.low) }), make("span", { class: "end", text: grouped(lever.high) }));
    const [low, high] = scale.children;
    const words = lever.marks.some(([, value]) => value === bases) ? lever.marks : [["today", bases], ...lever.marks];
    let last = { word: null, at: -1 };
    for (const [word, value] of [...words].sort((a, b) => a[1] - b[1])) {
      const where = share(value);
      const tick = make("span", { class: "tick" });
      tick.style.left = `calc(${(100 * where).toFixed(2)}% + ${(8 - 16 * where).toFixed(1)}px)`;
      const room = where - last.at > 0.19 && where > 0.14 && where < 0.86;
      if (room || word === "today") {
        tick.append(make("span", { dir: "auto", text: word }));
        if (!room && last.word) last.word.remove();
        last = { word: tick.firstChild, at: where };
        if (where <= 0.14 || where >= 0.86) {
          tick.classList.add(where < 0.5 ? "first" : "last");
          (where < 0.5 ? low : high).classList.add("covered"); // the two would lie on each other
        }
      }
      tick.title = `${word}: ${grouped(value)}`;
      scale.append(tick);
    }
  }

  function value() {
    const given = Number(input.value);
    const preset = data.presets[store.now.preset];
    const near = [preset.levers[place], preset.bases[place]].find((each) => each !== null && Math.abs(each - given) < lever.step / 2);
    return near === undefined ? parseFloat(given.toPrecision(12)) : near;
  }

  input.addEventListener("input", () => {
    onMove(place);
    store.show({ preset: store.now.preset, values: { ...store.now.values, [place]: value() } });
  });
  input.addEventListener("change", () => store.commit(place));
  const row = make("div", { class: "lever" }, make("div", { class: "head" }, make("label", { for: id, dir: "auto", text: lever.label }), output, reset), input, scale, help);
  group.append(row);

  return function (state) {
    const preset = data.presets[state.preset];
    const course = preset.levers[place] === null && !(place in state.values);
    const number_ = leverNumber(state, place);
    const text = course ? "over time" : withUnit(grouped(number_), lever.units);
    marks(state.preset);
    if (document.activeElement !== input || Math.abs(Number(input.value) - number_) > lever.step / 2) input.value = number_;
    input.setAttribute("aria-valuetext", `${text}, today ${grouped(preset.bases[place])}`);
    if (output.textContent !== text) output.textContent = text;
    const moved = place in state.values && state.values[place] !== preset.levers[place];
    const scenario = !moved && preset.levers[place] !== preset.bases[place];
    row.classList.toggle("moved", moved);
    row.classList.toggle("scenario", scenario);
    reset.disabled = !moved;
    note.textContent = course ? "Changes over time in this scenario; moving it sets one number instead. " : "";
  };
}

function makeTiles(onToggle) {
  const tiles = data.outputs.map((output, place) => {
    const value = make("b");
    const units = make("small", {}, " ", ...output.units.split("/").flatMap((part, place) => place ? ["/", make("wbr"), part] : [part]));
    const versus = make("span", { class: "versus" });
    const tile = make("button", { type: "button", class: "tile", "data-output": place, onclick: () => onToggle(place) },
      make("span", { class: "name", dir: "auto", text: output.title }), make("span", {}, value, units), versus);
    at("tiles").append(tile);
    return { tile, value, versus };
  });
  return function (now, base, charts, isBaseline) {
    tiles.forEach(({ tile, value, versus }, place) => {
      const output = data.outputs[place];
      const column = now.values.get(output.name);
      const other = base.values.get(output.name);
      const end = column[column.length - 1];
      const before = other[other.length - 1];
      value.textContent = Math.abs(end) >= 1e7 && Math.abs(end) < 1e12 ? `${number(end / 1e6)} M` : number(end, places(end, before));
      const moved = change(end, before);
      const good = goodness(output, end - before, Math.max(Math.abs(end), Math.abs(before)));
      const arrow = moved === "same" || moved === "" ? "" : end > before ? "\u25b2 " : "\u25bc ";
      const word = good > 0 ? " better" : good < 0 ? " worse" : "";
      versus.textContent = isBaseline ? "baseline" : moved === "same" ? "as in the baseline" : moved === "" ? "no number" : `${arrow}${moved}${word}`;
      tile.classList.toggle("better", good > 0);
      tile.classList.toggle("worse", good < 0);
      tile.setAttribute("aria-pressed", String(charts.has(place)));
    });
  };
}

// Whether a headline moves faster and faster within two times: what feeds itself begins below
// this share of its highest speed.
const SLOWER = 0.72;

function speedsUp(time, column, start, end) {
  const speed = [];
  for (let n = 1; n < time.length; n++) if (time[n - 1] >= start && time[n] <= end) speed.push(Math.abs(column[n] - column[n - 1]));
  const early = speed.slice(0, Math.max(1, Math.floor(speed.length / 10)));
  return speed.length > 0 && Math.max(...speed) * SLOWER > early.reduce((sum, each) => sum + each, 0) / early.length;
}

// What the run comes to: where the headline goes, whether the cycle is virtuous or vicious, and
// which loop did it. `near` is the scenario whose loops are told: the run's own or the nearest.
function verdict(run, near, exactly, ruling) {
  const place = Math.max(0, data.outputs.findIndex((each) => each.good !== "neither"));
  const output = data.outputs[place];
  const column = run.values.get(output.name);
  const first = column[0];
  const last = column[column.length - 1];
  const end = run.time[run.time.length - 1];
  if (!run.status.complete) {
    return { kind: "worse", word: "Breaks down", text: `The run stops: ${run.status.message}.` };
  }
  const side = engine.side(column);
  const good = output.good === "neither" ? 0 : side * (output.good === "up" ? 1 : -1);
  const decimals = places(first, last);
  const one = output.many ? "" : "s";
  const verb = side === 0 ? `end${one} about where ${output.many ? "they" : "it"} began, at` : side > 0 ? `rise${one} from` : `fall${one} from`;
  const numbers = side === 0 ? number(last, decimals) : `${number(first, decimals)} to ${withUnit(number(last, decimals), output.units)}`;
  let text = `${output.title} ${verb} ${numbers} by ${moment(end)}.`;
  let word = good > 0 ? "Better" : good < 0 ? "Worse" : "Holds";
  if (ruling !== null && side !== 0) {
    const names = ruling.loops.slice(0, 2).map((loop) => `${loop.mark} \u2018${loop.name}\u2019`.trim()).join(" and ");
    const more = ruling.loops.length > 2 ? ` and ${ruling.loops.length - 2} more` : "";
    const many = ruling.loops.length > 1;
    const kind = ruling.share > 0 ? "reinforcing" : "balancing";
    const faster = speedsUp(run.time, column, ruling.start, ruling.end);
    if (ruling.share > 0 && good > 0 && faster) word = "A virtuous cycle";
    if (ruling.share > 0 && good < 0 && faster) word = "A vicious cycle";
    const head = exactly ? "The" : `As in \u2018${data.presets[near].title}\u2019, the scenario nearest to it, the`;
    const carries = Math.abs(ruling.share) >= 0.5 ? (many ? "together carry" : "carries") : (many ? "lead with" : "leads with");
    const long = `${number(ruling.long, 0)} ${data.moment}${ruling.long === 1 ? "" : "s"}`;
    const span = ruling.times > 1 ? `over ${long} in all, between ${moment(ruling.start)} and ${moment(ruling.end)}` : `from ${moment(ruling.start)} to ${moment(ruling.end)}`;
    text += ` ${head} ${kind} ${many ? "loops" : "loop"} ${names}${more} ${carries} ${(100 * Math.abs(ruling.share)).toFixed(0)} % of the change ${span}.`;
  } else if (near !== null && side !== 0 && data.loops) {
    text += ` ${data.loops.strips[near].silent || "No loop rules for long: they take turns."}`;
  } else if (near === null) {
    text += " No scenario runs like this one, and loops are scored for scenarios only.";
  }
  return { kind: good > 0 ? "better" : good < 0 ? "worse" : "", word, text };
}

// The ends of all runs, and what can be done with those pinned.
function makeCompare(store) {
  return function (runs) {
    const table = at("compare");
    const head = make("tr", {}, make("th", { scope: "col", text: `At the end, ${moment(runs[0].time[runs[0].time.length - 1])}` }),
      ...runs.map((run) => make("th", { scope: "col", dir: "auto" }, make("i", { class: `sample ${run.look}`, "aria-hidden": "true" }), run.title)));
    const rows = data.outputs.map((output) => {
      const ends = runs.map((run) => { const column = run.values.get(output.name); return column[column.length - 1]; });
      const decimals = places(...ends);
      return make("tr", {}, make("th", { scope: "row", dir: "auto" }, output.title, " ", make("small", { text: output.units })),
        ...ends.map((end, place) => make("td", {}, number(end, decimals), ...(place ? [make("small", { text: ` ${change(end, ends[0])}` })] : []))));
    });
    const tools = make("tr", { class: "tools" }, make("td"), ...runs.map((run) => make("td", {}, ...(run.pin === undefined ? [] : [
      make("button", { type: "button", text: "Show", "aria-label": `Show ${run.title}`, onclick: () => store.set({ preset: run.pin.preset, values: { ...run.pin.values } }) }), " ",
      make("button", { type: "button", text: "Remove", "aria-label": `Remove ${run.title}`, onclick: () => { store.pins.splice(store.pins.indexOf(run.pin), 1); store.show(store.now); at("pin").focus(); } }),
    ]))));
    table.replaceChildren(make("caption", { text: "Runs compared" }), make("thead", {}, head), make("tbody", {}, ...rows, ...(store.pins.length ? [tools] : [])));
  };
}
