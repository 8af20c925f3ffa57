// The picture that moves: stocks fill, links thicken with the loops that rule, and a strip under it
// shows the share of each loop over time, reinforcing ones above the line, balancing ones below.

const STRIP = 96;

function shares(packed) {
  const bytes = atob(packed);
  return Int8Array.from(bytes, (letter) => letter.charCodeAt(0));
}

function makePicture(onTime) {
  const svg = document.querySelector("#picture svg");
  const told = data.loops ? data.loops.told : [];
  const strips = data.loops ? data.loops.strips.map((strip) => ({ ...strip, series: strip.shares.map(([place, packed]) => [place, shares(packed)]) })) : [];
  const links = new Map((data.picture ? data.picture.links : []).map(([id, from, to, sign]) => [id, { from, to, sign, element: svg.getElementById(id) }]));
  const fills = [];
  let shown = null;
  let time = null;
  let index = 0;
  let held = null;
  const areas = draw("g");
  const cursor = draw("line", { class: "cursor", y1: 0, y2: STRIP });
  const strip = at("strip");
  if (strip) strip.append(areas, cursor);

  if (svg) {
    svg.style.maxWidth = `${1.25 * Number(svg.getAttribute("width"))}px`;
    svg.removeAttribute("width");
    svg.removeAttribute("height");
    for (const [id, names] of data.picture.stocks) {
      const box = svg.getElementById(id).querySelector("rect:last-of-type");
      const fill = draw("rect", { class: "fill", x: box.getAttribute("x"), width: box.getAttribute("width"), rx: 2 });
      box.after(fill);
      fills.push({ fill, names, top: Number(box.getAttribute("y")), high: Number(box.getAttribute("height")) });
    }
    told.forEach((loop, place) => {
      const badge = loop.badge && svg.getElementById(loop.badge);
      if (!badge) return;
      badge.addEventListener("pointerenter", () => light(place));
      badge.addEventListener("pointerleave", () => light(held));
      badge.addEventListener("click", () => hold(place));
    });
  }

  // Lights the links of a loop and tells its story; null lets go.
  function light(place) {
    if (svg) {
      svg.classList.toggle("lit", place !== null);
      for (const each of links.values()) each.element.classList.toggle("on", place !== null && told[place].links.includes(each.element.id));
    }
    for (const area of areas.children) area.classList.toggle("dim", place !== null && area.dataset.loop !== String(place));
    at("story").textContent = place === null ? "" : story(place);
  }

  // What a loop does in a run, by the sign of its shares: it may change from run to run.
  function kind(column) {
    let sum = 0;
    let size = 0;
    for (const share of column) {
      sum += share;
      size += Math.abs(share);
    }
    return Math.abs(sum) < 0.5 * size ? "changing sign" : sum >= 0 ? "reinforcing" : "balancing";
  }

  function story(place) {
    const loop = told[place];
    const head = `${loop.mark} ${loop.name}`.trim();
    const own = shown === null ? undefined : strips[shown].series.find(([each]) => each === place);
    const does = own === undefined ? "It plays no part here" : `Here it is ${kind(own[1])}`;
    const off = loop.links.length || !svg ? "" : " It is not among the loops drawn.";
    return `${head}. ${does}. ${loop.story}${/[.]$/.test(loop.story) ? "" : "."}${off}`;
  }

  function hold(place) {
    held = held === place ? null : place;
    for (const button of at("loops").querySelectorAll("button")) button.setAttribute("aria-pressed", String(Number(button.dataset.loop) === held));
    light(held);
  }

  // Loops with names of a model seen through a few stocks: shares of one another, as bars.
  function named(strip) {
    const box = at("named");
    const [, list, note] = box.children;
    box.hidden = !strip.named.length;
    const most = Math.max(...strip.named.map(([, share]) => Math.abs(share)), 1e-9);
    list.replaceChildren(...strip.named.map(([name, share]) => {
      const bar = make("span", { class: `share ${share > 0 ? "reinforcing" : "balancing"}` });
      bar.style.width = `${(9 * Math.abs(share)) / most}rem`;
      const size = 100 * Math.abs(share);
      return make("li", {}, make("span", { class: "name", dir: "auto", text: name }), bar, make("b", { text: `${size.toFixed(size < 1 ? 1 : 0)} %` }));
    }));
    note.textContent = strip.beside;
  }

  // Loops are scored for presets; `preset` is the one whose course is nearest, or null.
  function setStrip(preset, times) {
    time = times;
    if (preset === shown) return;
    shown = preset;
    held = null;
    areas.replaceChildren();
    const list = at("loops");
    if (!list) return;
    list.replaceChildren();
    at("phases").replaceChildren();
    at("named").hidden = true;
    light(null);
    if (preset === null) return;
    const { series, words, silent } = strips[preset];
    for (const each of [strip, at("strip-axis")]) each.toggleAttribute("hidden", silent !== "");
    for (const text of words) at("phases").append(make("li", { dir: "auto", text }));
    named(strips[preset]);
    strip.setAttribute("aria-label", `Share of each loop in the change over time. ${words.join(" ")}`);
    const mean = (column) => column.reduce((sum, share) => sum + Math.abs(share), 0) / (column.length || 1);
    stack(series);
    for (const [place, column] of [...series].sort((a, b) => mean(b[1]) - mean(a[1]))) {
      const loop = told[place];
      const button = make("button", {
        type: "button", class: "loop", "data-loop": place, "aria-pressed": "false",
        onpointerenter: () => light(place), onpointerleave: () => light(held),
        onfocus: () => light(place), onblur: () => light(held), onclick: () => hold(place),
      }, make("i", { class: `key l${Math.min(place, 7)}`, "aria-hidden": "true" }),
        make("span", { dir: "auto", text: `${loop.mark} ${loop.name}`.trim() }),
        make("em", { text: kind(column) }), make("b"));
      list.append(make("li", {}, button));
    }
    paint();
  }

  function stack(series) {
    const count = series.length ? series[0][1].length : 0;
    const up = new Float64Array(count);
    const down = new Float64Array(count);
    const middle = STRIP / 2;
    const scale = middle / 100;
    strip.setAttribute("viewBox", `0 0 ${count || 1} ${STRIP}`);
    for (const [place, column] of series) {
      let there = "";
      let back = "";
      for (let k = 0; k < count; k++) {
        const pile = column[k] >= 0 ? up : down;
        const from = pile[k];
        pile[k] += column[k];
        const a = (middle - from * scale).toFixed(1);
        const b = (middle - pile[k] * scale).toFixed(1);
        there += `L${k} ${b}L${k + 1} ${b}`;
        back = `L${k + 1} ${a}L${k} ${a}${back}`;
      }
      areas.append(draw("path", { class: `area l${Math.min(place, 7)}`, "data-loop": place, d: `M${there.slice(1)}${back}Z` }));
    }
    areas.append(draw("line", { class: "zero", x1: 0, x2: count, y1: middle, y2: middle }));
  }

  // The picture at the saved time `index` of a run; `ranges` are what each stock may reach.
  let runNow = null;
  let reach = null;
  function setRun(run, ranges) {
    runNow = run;
    reach = ranges;
    paint();
  }

  function total(values, names, k) { return names.reduce((sum, name) => sum + values.get(name)[k], 0); }

  function paint() {
    if (runNow !== null) {
      for (const { fill, names, top, high } of fills) {
        const [low, most] = reach.get(names[0]) || [0, 1];
        const value = total(runNow.values, names, index);
        const part = Number.isFinite(value) ? Math.min(1, Math.max(0, (value - low) / (most - low || 1))) : 0;
        fill.setAttribute("y", (top + high * (1 - part)).toFixed(1));
        fill.setAttribute("height", (high * part).toFixed(1));
      }
    }
    const series = shown === null ? [] : strips[shown].series;
    const weight = new Map();
    for (const [place, column] of series) {
      const share = Math.abs(column[Math.min(index, column.length - 1)] || 0);
      for (const id of told[place].links) weight.set(id, (weight.get(id) || 0) + share);
    }
    for (const [id, { element }] of links) element.style.setProperty("--weight", (1.25 + Math.min(100, weight.get(id) || 0) * 0.035).toFixed(2));
    for (const button of at("loops") ? at("loops").querySelectorAll("button") : []) {
      const column = series.find(([place]) => String(place) === button.dataset.loop)[1];
      button.querySelector("b").textContent = `${Math.abs(column[Math.min(index, column.length - 1)] || 0)} %`;
    }
    cursor.setAttribute("x1", index);
    cursor.setAttribute("x2", index);
  }

  function point(at_) {
    index = at_;
    paint();
  }

  if (strip) {
    const follow = (event) => {
      if (!time || !(event.pointerType === "mouse" || event.buttons || event.type === "pointerdown")) return;
      const box = strip.getBoundingClientRect();
      onTime(time[0] + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (time[time.length - 1] - time[0]));
    };
    strip.addEventListener("pointermove", follow);
    strip.addEventListener("pointerdown", follow);
  }

  // The loops that rule longest once a preset's changes have begun, null where none does for a
  // quarter of that time: what carried the change.
  function ruling(preset) {
    if (preset === null || !strips[preset] || !strips[preset].phases.length) return null;
    const { phases } = strips[preset];
    const stop = phases[phases.length - 1][1];
    const from = data.presets[preset].changes.length ? data.presets[preset].from : phases[0][0];
    const found = new Map();
    for (const [start, end, places_, share] of phases) {
      const long = end - Math.max(start, from);
      if (!places_.length || long <= 0) continue;
      const key = `${[...places_].sort()} ${share > 0}`;
      const each = found.get(key) || { loops: places_.map((place) => told[place]), start: Math.max(start, from), end, long: 0, sum: 0, times: 0 };
      found.set(key, { ...each, end, long: each.long + long, sum: each.sum + long * share, times: each.times + 1 });
    }
    const best = [...found.values()].sort((a, b) => b.long - a.long)[0];
    if (best === undefined || best.long < 0.25 * (stop - from)) return null;
    return { ...best, share: best.sum / best.long };
  }

  // Shows some variables with the links and loops among them; null shows all.
  function only(idents) {
    if (!svg) return;
    const off = (id, hidden) => svg.getElementById(id).classList.toggle("off", hidden);
    for (const [id, ident] of data.picture.variables) off(id, idents !== null && !idents.has(ident));
    for (const [id, { from, to }] of links) off(id, idents !== null && !(idents.has(from) && idents.has(to)));
    for (const [id, around] of data.picture.badges) off(id, idents !== null && !around.every((each) => idents.has(each)));
    for (const each of svg.querySelectorAll(".pipe, .cloud")) each.classList.toggle("off", idents !== null);
  }

  function words(preset) { return preset === null || !strips[preset] ? ["No scenario runs like this one, and loops are scored for scenarios only."] : strips[preset].words; }

  return { only, words, setStrip, setRun, point, ruling, names: fills.flatMap(({ names }) => names), total, groups: fills.map(({ names }) => names) };
}
