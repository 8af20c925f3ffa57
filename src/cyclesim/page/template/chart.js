// A small line chart of our own: axes, events as numbered lines, one line a run, a cursor.

const HEIGHT = 190;
const LEFT = 52;
const RIGHT = 24;
const TOP = 22;
const BOTTOM = 24;

// Round values that cover a range: about `count` steps of 1, 2 or 5.
function ticks(low, high, count) {
  const length = high - low;
  if (!(length > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(length / count));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((each) => length / each <= count * 1.001);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * length; k++) found.push(k * step);
  return found;
}

// Steps of time that people count in: quarters and years of weeks, years of months.
function timeTicks(low, high, count) {
  const round = { week: [1, 2, 4, 13, 26, 52, 104, 260, 520], month: [1, 2, 3, 6, 12, 24, 60, 120] }[data.moment];
  const step = (round || []).find((each) => (high - low) / each <= count);
  if (step === undefined) return ticks(low, high, count);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
  return found;
}

// A value at the axis, short enough to stand beside it.
function tickText(value, step, decimals) {
  if (Math.abs(value) >= 1e12) return value.toExponential(0);
  if (step < 5e5) return number(value, decimals);
  const [size, sign] = step < 5e8 ? [1e6, "M"] : [1e9, "bn"];
  return value === 0 ? "0" : `${number(value / size, (String(step / size).split(".")[1] || "").length)} ${sign}`;
}

function bounds(columns) {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(low <= high) || !Number.isFinite(high - low)) return [0, 1];
  if (high - low < 1e-6 * Math.max(Math.abs(low), Math.abs(high), 1e-9)) {
    const room = 0.1 * Math.abs(high) || 1;
    return [low - room, high + room];
  }
  const room = 0.06 * (high - low);
  if (low >= 0 && low < 0.35 * high) low = 0;
  else low -= room;
  return [low, high + room];
}

class Chart {
  constructor(output, place, onTime) {
    this.output = output;
    this.title = make("h3", { dir: "auto", text: output.title });
    this.read = make("p", { class: "read", dir: "auto" });
    this.svg = draw("svg", { class: "chart", role: "img", height: HEIGHT });
    this.grid = draw("g", { class: "grid" });
    this.marks = draw("g", { class: "marks" });
    this.lines = draw("g", { class: "lines" });
    this.cursor = draw("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    this.dots = draw("g", { class: "dots" });
    this.svg.append(this.grid, this.marks, this.lines, this.cursor, this.dots);
    const units = make("small", { text: output.units });
    this.title.append(" ", units);
    if (output.doc) this.title.title = output.doc;
    this.figure = make("figure", { class: "plot", "data-output": place }, make("figcaption", {}, this.title, this.read), this.svg);
    this.width = 0;
    this.drawn = "";
    this.paths = [];
    const follow = (event) => {
      const box = this.svg.getBoundingClientRect();
      const [first, last] = this.span || [0, 1];
      const share = (event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT);
      onTime(first + Math.min(1, Math.max(0, share)) * (last - first));
    };
    this.svg.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" || event.buttons) follow(event); });
    this.svg.addEventListener("pointerdown", follow);
  }

  resize() {
    const width = Math.round(this.figure.clientWidth);
    if (width > 0 && width !== this.width) {
      this.width = width;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      this.drawn = "";
    }
  }

  x(time) { return LEFT + ((time - this.span[0]) / (this.span[1] - this.span[0] || 1)) * (this.width - LEFT - RIGHT); }

  y(value) { return HEIGHT - BOTTOM - ((value - this.low) / (this.high - this.low || 1)) * (HEIGHT - BOTTOM - TOP); }

  // `runs` are {column, look, letter}, the baseline first and the reader's own last.
  update(time, runs, marks, wide) {
    this.resize();
    if (this.width === 0) return;
    this.time = time;
    this.runs = runs;
    this.span = [time[0], time[time.length - 1]];
    const [low, high] = bounds([...wide, ...runs.map((run) => run.column)]);
    const frame = `${low} ${high} ${this.width} ${this.span} ${marks}`;
    if (frame !== this.drawn) {
      [this.low, this.high] = [low, high];
      this.axes(marks);
      this.drawn = frame;
    }
    while (this.paths.length > runs.length) this.paths.pop().remove();
    while (this.paths.length < runs.length) {
      const path = draw("path");
      this.paths.push(path);
      this.lines.append(path);
    }
    runs.forEach((run, place) => {
      this.paths[place].setAttribute("class", `line ${run.look}`);
      this.paths[place].setAttribute("d", this.path(run.column));
    });
  }

  path(column) {
    const { time } = this;
    let text = "";
    let pen = "M";
    for (let k = 0; k < column.length; k++) {
      const value = column[k];
      if (value !== value || Math.abs(value) === Infinity) {
        pen = "M";
        continue;
      }
      text += `${pen}${this.x(time[k]).toFixed(1)} ${this.y(value).toFixed(1)}`;
      pen = "L";
    }
    return text;
  }

  axes(marks) {
    const { grid, width } = this;
    grid.replaceChildren();
    const values = ticks(this.low, this.high, 4);
    const step = values.length > 1 ? values[1] - values[0] : Math.abs(values[0]) || 1;
    const decimals = (String(parseFloat(step.toPrecision(6))).split(".")[1] || "").length;
    for (const value of values) {
      const y = this.y(value).toFixed(1);
      grid.append(draw("line", { class: value === 0 ? "zero" : "rule", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }));
      grid.append(draw("text", { x: LEFT - 6, y: Number(y) + 4, "text-anchor": "end" }, tickText(value, step, decimals)));
    }
    const [first, last] = this.span;
    for (const time of timeTicks(first, last, Math.max(3, Math.floor((width - LEFT - RIGHT) / 62)))) {
      const x = this.x(time).toFixed(1);
      grid.append(draw("line", { class: "tick", x1: x, x2: x, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }));
      grid.append(draw("text", { x, y: HEIGHT - 6, "text-anchor": "middle" }, String(parseFloat(time.toFixed(6)))));
    }
    grid.append(draw("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }));
    this.marks.replaceChildren();
    let free = -Infinity;
    let row = 0;
    marks.forEach(([moment_, text], place) => {
      if (moment_ < first || moment_ > last) return;
      const x = this.x(moment_);
      row = x < free ? 1 - row : 0;
      free = x + 14;
      const line = draw("line", { class: "mark", x1: x, x2: x, y1: 14, y2: HEIGHT - BOTTOM });
      line.append(draw("title", {}, `${moment(moment_)}: ${text}`));
      this.marks.append(line, draw("text", { x: x + (row ? 9 : 0), y: 11, "text-anchor": "middle" }, String(place + 1)));
    });
  }

  // The cursor at a saved time, and every run's value there.
  point(index) {
    if (!this.runs || this.width === 0) return;
    const x = this.x(this.time[index]).toFixed(1);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.dots.replaceChildren();
    for (const run of this.runs) {
      const value = run.column[index];
      if (Number.isFinite(value)) this.dots.append(draw("circle", { class: run.look, cx: x, cy: this.y(value).toFixed(1), r: 3.2 }));
    }
    const now = this.runs[this.runs.length - 1].column[index];
    const base = this.runs[0].column[index];
    const decimals = places(now, base);
    this.read.textContent = `${moment(this.time[index])}: ${number(now, decimals)}` + (this.runs.length > 1 ? ` (baseline ${number(base, decimals)})` : "");
  }
}
