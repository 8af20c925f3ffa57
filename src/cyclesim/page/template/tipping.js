// How far the tipping point is along the lever last moved: looked for in a worker made from the
// page's own engine, so that the sliders stay quick.

const FINDER = `
let ready = null;
onmessage = (event) => {
  const asked = event.data;
  if (asked.data) { ready = { data: asked.data, engine: engine.makeEngine(asked.data) }; return; }
  const { data } = ready;
  const lever = data.levers[asked.lever];
  const wanted = data.outputs.map((output, place) => place).filter((place) => data.outputs[place].good !== "neither");
  const outputs = wanted.length ? wanted : [0];
  const names = outputs.map((place) => data.outputs[place].name);
  const seen = new Map();
  const sides = (value) => {
    if (!seen.has(value)) {
      const run = ready.engine.run(asked.preset, { ...asked.values, [asked.lever]: value }, names);
      seen.set(value, names.map((name) => engine.side(run.values.get(name), 0.001)));
    }
    return seen.get(value);
  };
  const tried = [];
  for (let k = 0; k < outputs.length; k++) {
    const found = engine.turns(asked.value, lever, (value) => sides(value)[k]);
    tried.push({ output: outputs[k], ...found });
    if (found.below || found.above) break;
  }
  postMessage({ asked: asked.id, lever: asked.lever, value: asked.value, found: tried[tried.length - 1], first: outputs[0], tried: tried.length, runs: seen.size });
};`;

function makeTipping(store) {
  let worker = null;
  let asked = 0;
  let timer;
  let lever = null;
  let asked_of = null;
  if (!data.levers.length) return { ask() {}, moved() {} };

  function start() {
    const text = `${at("engine").textContent}\n${FINDER}`;
    worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    worker.postMessage({ data: JSON.parse(JSON.stringify(data)) });
    worker.onmessage = (event) => { if (event.data.asked === asked) tell(event.data); };
    worker.onerror = (event) => { at("margin").textContent = `The tipping point could not be looked for: ${event.message}`; };
  }

  // The lever last moved, else the first one that the scenario gives another number.
  function wanted() {
    const { preset, values } = store.now;
    if (lever !== null && (lever in values || preset === asked_of)) return lever;
    const { levers, bases } = data.presets[preset];
    const given = levers.findIndex((each, place) => each !== null && each !== bases[place]);
    return given < 0 ? (lever === null ? 0 : lever) : given;
  }

  function ask() {
    lever = wanted();
    asked_of = store.now.preset;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (worker === null) start();
      asked += 1;
      at("margin-of").textContent = data.levers[lever].label;
      at("tipping").setAttribute("aria-busy", "true");
      worker.postMessage({ id: asked, preset: store.now.preset, values: store.now.values, lever, value: leverNumber(store.now, lever) });
    }, 200);
  }

  function ends(output, side) {
    const { good, many } = data.outputs[output];
    const it = many ? "they" : "it";
    if (side === 0) return `${many ? "end" : "ends"} where ${it} began`;
    if (Number.isNaN(side)) return many ? "break down before the end" : "breaks down before the end";
    const kind = good === "neither" ? (side > 0 ? "higher" : "lower") : (side > 0) === (good === "up") ? "better" : "worse";
    return `${many ? "end" : "ends"} ${kind} than ${it} began`;
  }

  // A number of the lever to a tenth of its step.
  function near(value, own) {
    const decimals = Math.max(0, Math.min(10, 1 - Math.floor(Math.log10(own.step) + 1e-9)));
    return grouped(Number(value.toFixed(decimals)));
  }

  function tell({ lever: place, value, found, first }) {
    const own = data.levers[place];
    const title = data.outputs[found.output].title;
    const range = `${grouped(own.low)} to ${withUnit(grouped(own.high), own.units)}`;
    at("tipping").setAttribute("aria-busy", "false");
    let text;
    if (!found.below && !found.above) {
      const same = found.output === first ? `${data.outputs[first].title} ${ends(first, found.here)}` : "each headline ends on one and the same side of where it began";
      text = `There is no tipping point along ${own.label} from ${range}: wherever it stands, ${same}.`;
    } else {
      const parts = [];
      for (const [turn, side] of [[found.below, "down"], [found.above, "up"]]) {
        if (!turn) continue;
        const gap = Math.abs(turn.at - value);
        const share = value !== 0 ? ` (${((100 * gap) / Math.abs(value)).toFixed(gap / Math.abs(value) < 0.0995 ? 1 : 0)} %)` : "";
        parts.push(`${side === "down" ? "Below" : "Above"} ${near(turn.at, own)} ${data.outputs[found.output].many ? "they" : "it"} ${ends(found.output, turn.side)}: the margin is ${withUnit(near(gap, own), own.units)}${share}.`);
      }
      const open = !found.below ? " Further down nothing turns." : !found.above ? " Further up nothing turns." : "";
      const held = data.presets[store.now.preset].levers[place] === null && !(place in store.now.values);
      const stands = held ? `With ${own.label} held at ${withUnit(grouped(value), own.units)} in place of its course` : `With ${own.label} at ${withUnit(grouped(value), own.units)}`;
      text = `${stands}, ${title} ${ends(found.output, found.here)}. ${parts.join(" ")}${open}`;
    }
    at("margin").textContent = text;
    bar(own, value, found);
  }

  function bar(own, value, found) {
    const share = (each) => Math.min(1, Math.max(0, (each - own.low) / (own.high - own.low)));
    const tone = (side) => {
      const { good } = data.outputs[found.output];
      return Number.isNaN(side) ? "worse" : side === 0 || good === "neither" ? "holds" : (side > 0) === (good === "up") ? "better" : "worse";
    };
    const zones = [];
    const from = found.below ? share(found.below.at) : 0;
    const to = found.above ? share(found.above.at) : 1;
    if (found.below) zones.push([0, from, tone(found.below.side)]);
    zones.push([from, to, tone(found.here)]);
    if (found.above) zones.push([to, 1, tone(found.above.side)]);
    const parts = zones.map(([a, b, kind]) => {
      const zone = make("span", { class: `zone ${kind}` });
      zone.style.left = `${100 * a}%`;
      zone.style.width = `${100 * (b - a)}%`;
      if (b - a > 0.16) zone.textContent = kind;
      return zone;
    });
    const here = make("span", { class: "here" });
    here.style.left = `${100 * share(value)}%`;
    at("margin-bar").replaceChildren(...parts, here);
  }

  return {
    ask,
    moved(place) { lever = place; },
    get lever() { return lever; },
  };
}
