// The `javascript` target as an engine, under Node. Before this stand the runtime, the model, and
// ASKED: its schedule, rows kept, places of the constants that vary, and the file of their numbers.

const fs = require("fs");
const { performance } = require("perf_hooks");

const sample = new Float64Array(new Uint8Array(fs.readFileSync(ASKED.sample)).buffer);
const width = sample.length / ASKED.places.length;
const models = new Map();

function answer(content) {
  fs.writeSync(1, `${JSON.stringify(content)}\n`);
}

function one(run, every) {
  if (!models.has(every)) {
    models.set(every, cyclesim.model("model", { ...ASKED.schedule, save_every: [`${every}`, "1"] }));
  }
  const model = models.get(every);
  const parameters = Float64Array.from(model.parameters);
  ASKED.places.forEach((place, k) => { parameters[place] = sample[k * width + run]; });
  return model.run({ parameters, keep: ASKED.keep }).values;
}

function timed(runs, every) {
  const begun = performance.now();
  const own = process.cpuUsage();
  for (let run = 0; run < runs; run++) one(run, every);
  const { user, system } = process.cpuUsage(own);
  const wall = (performance.now() - begun) / 1e3;
  const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(fs.readFileSync("/proc/self/status", "ascii"));
  return { cpu: (user + system) / 1e6, wall, peak: kilobytes * 1024 / 1e6 };
}

function values(runs, every, path) {
  const found = Array.from({ length: runs }, (_, run) => one(run, every));
  const [times, series] = [found[0][0].length, found[0].length];
  const whole = new Float64Array(times * series * runs);
  for (let t = 0; t < times; t++) {
    for (let s = 0; s < series; s++) {
      for (let run = 0; run < runs; run++) whole[(t * series + s) * runs + run] = found[run][s][t];
    }
  }
  fs.writeFileSync(path, new Uint8Array(whole.buffer));
  return { shape: [times, series, runs] };
}

const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [order, first, second, last] = line.split(" ");
  if (order === "run") answer(timed(Number(first), Number(last)));
  else answer(values(Number(first), Number(second), last));
});
answer({});
