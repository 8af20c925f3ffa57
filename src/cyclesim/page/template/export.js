// What can be taken away: a picture of the charts, the numbers, an address, a study of one's own.

function save(name, content, type) {
  const url = content instanceof Blob ? URL.createObjectURL(content) : URL.createObjectURL(new Blob([content], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function fileName(end) {
  const stem = data.title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);
  return `${stem || "study"}${end}`;
}

// The numbers of all runs: a row each saved time, a column each output of each run.
function csv(runs) {
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const heads = runs.flatMap((run) => data.outputs.map((output) => quoted(`${run.title}: ${output.title}`)));
  const lines = [[quoted(data.timeUnits || "time"), ...heads].join(",")];
  runs[0].time.forEach((time, k) => {
    const row = runs.flatMap((run) => data.outputs.map((output) => run.values.get(output.name)[k]));
    lines.push([time, ...row.map((value) => (Number.isFinite(value) ? value : ""))].join(","));
  });
  return `${lines.join("\r\n")}\r\n`;
}

const STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-weight", "font-family", "text-anchor"];

// One SVG of all charts shown, every style written out so that it looks the same elsewhere.
function picture(charts, runs) {
  const shown = charts.filter((chart) => chart.width > 0 && chart.figure.isConnected && !chart.figure.hidden);
  const width = Math.max(...shown.map((chart) => chart.width), 320);
  const look = getComputedStyle(document.body);
  const head = 64 + 18 * runs.length;
  const height = head + shown.length * (HEIGHT + 34) + 8;
  const whole = draw("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` });
  whole.append(draw("rect", { width, height, fill: look.backgroundColor }));
  const word = (x, y, text, size, weight = 400) => whole.append(draw("text", { x, y, fill: look.color, "font-size": size, "font-weight": weight, "font-family": look.fontFamily }, text));
  word(12, 28, data.title, 18, 600);
  runs.forEach((run, place) => {
    const y = 52 + 18 * place;
    const sample = draw("path", { class: `line ${run.look}`, d: `M12 ${y - 4}h28` });
    shown[0].lines.append(sample);
    const copy = styled(sample);
    sample.remove();
    whole.append(copy);
    word(48, y, run.title, 12);
  });
  shown.forEach((chart, place) => {
    const y = head + place * (HEIGHT + 34);
    word(12, y + 14, `${chart.output.title}${chart.output.units ? ` (${chart.output.units})` : ""}`, 13, 600);
    const group = draw("g", { transform: `translate(0 ${y + 22})` });
    for (const part of [chart.grid, chart.marks, chart.lines]) group.append(styled(part));
    whole.append(group);
  });
  return { text: `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(whole)}\n`, width, height };
}

function styled(element) {
  const copy = element.cloneNode(true);
  const from = [element, ...element.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, place) => {
    const look = getComputedStyle(from[place]);
    for (const name of STYLED) node.setAttribute(name, look.getPropertyValue(name));
    node.removeAttribute("class");
  });
  return copy;
}

function savePng(charts, runs) {
  const { text, width, height } = picture(charts, runs);
  const image = new Image();
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  image.onload = () => {
    const canvas = make("canvas", { width: 2 * width, height: 2 * height });
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    pen.drawImage(image, 0, 0);
    URL.revokeObjectURL(url);
    canvas.toBlob((blob) => save(fileName(".png"), blob), "image/png");
  };
  image.src = url;
}

// YAML that any reader takes: keys and texts in quotation marks, lists and mappings in blocks.
function yaml(value, indent = "") {
  if (Array.isArray(value)) {
    if (value.every((each) => Array.isArray(each) || typeof each !== "object" || each === null)) return ` ${flow(value)}\n`;
    return `\n${value.map((each) => `${indent}- ${flow(each)}\n`).join("")}`;
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (!entries.length) return " {}\n";
    return `\n${entries.map(([key, each]) => `${indent}${scalar(key)}:${yaml(each, `${indent}  `)}`).join("")}`;
  }
  return ` ${scalar(value)}\n`;
}

function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value !== null && typeof value === "object") return `{${Object.entries(value).map(([key, each]) => `${scalar(key)}: ${flow(each)}`).join(", ")}}`;
  return scalar(value);
}

function scalar(value) {
  if (value === null) return "";
  const text = String(value);
  const plain = /^-?\d+(\.\d+)?$/.test(text) || (/^[A-Za-z][A-Za-z0-9 _-]*$/.test(text) && text === text.trim());
  return plain ? text : JSON.stringify(text).replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// A study of the baseline, of what the runs build on, and of each run as a scenario of its own.
function ownStudy(runs) {
  const { head, scenarios } = data.study;
  const names = Object.keys(scenarios);
  const wanted = new Set([names[0]]);
  const add = (name) => {
    const above = (scenarios[name] || {}).extends;
    for (const parent of above === undefined || above === null ? [] : [].concat(above)) add(parent);
    wanted.add(name);
  };
  for (const run of runs) add(data.presets[run.state.preset].name);
  const found = {};
  for (const name of names) if (wanted.has(name)) found[name] = scenarios[name];
  for (const run of runs) {
    const changes = {};
    for (const [lever, value] of Object.entries(run.state.values)) changes[data.levers[lever].name] = exact(value);
    if (!Object.keys(changes).length) continue;
    let name = run.name;
    for (let count = 2; name in found; count++) name = `${run.name} ${count}`;
    found[name] = { title: run.title, extends: data.presets[run.state.preset].name, changes };
  }
  return yaml({ ...head, scenarios: found }).replace(/^\n/, "");
}

function offer(title, note, text, file) {
  const dialog = at("offer");
  at("offer-title").textContent = title;
  at("offer-note").textContent = note;
  at("offer-text").value = text;
  at("offer-save").hidden = !file;
  at("offer-save").onclick = () => save(file, text, "text/plain");
  at("offer-copy").onclick = () => {
    const told = () => { at("offer-note").textContent = "Copied."; };
    const byHand = () => {
      at("offer-text").select();
      if (document.execCommand("copy")) told();
      else at("offer-note").textContent = "Press Ctrl+C to copy what is selected.";
    };
    if (navigator.clipboard && isSecureContext) navigator.clipboard.writeText(text).then(told, byHand);
    else byHand();
  };
  dialog.showModal();
  at("offer-text").select();
}
