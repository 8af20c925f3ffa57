// The story of a study: structure unfolds step by step; before a run the learner draws a guess,
// and after it guess and outcome are held against each other.

const HANDLES = 6;
const HOW = "draw your guess on the chart, or set it with the sliders.";
const GREY = `What do you expect? The grey line is what happens without the change: ${HOW}`;
const BEGINS = `What do you expect? The line goes on as it began: ${HOW}`;

function makeStory(store, pictures, settled) {
  if (data.story === null) return null;
  const { steps } = data.story;
  const guesses = new Map();
  let step = -1;
  let chart = null;
  at("tell").hidden = false;
  at("tell").onclick = () => go(0);
  at("tale-next").onclick = () => (step + 1 < steps.length ? go(step + 1) : leave());
  at("tale-back").onclick = () => go(step - 1);
  at("tale-end").onclick = leave;
  at("guess-run").onclick = () => {
    guesses.get(step).run = true;
    show();
    at("debrief").focus();
  };
  at("debrief-print").onclick = () => print();

  function mode(name) {
    for (const each of ["telling", "unfolding", "guessing"]) document.body.classList.toggle(each, name.includes(each));
  }

  function leave() {
    step = -1;
    at("tale").hidden = true;
    mode([]);
    pictures.only(null);
    at("tell").focus();
    settled();
  }

  function go(place) {
    step = place;
    const now = steps[step];
    if (now.preset !== null) store.set({ preset: now.preset, values: { ...now.values } });
    if (now.predict !== null && !guesses.has(step)) guesses.set(step, begun(now));
    show();
    at("tale-title").focus();
    at("tale").scrollIntoView({ block: "start" });
  }

  function asked(now) {
    return runOf({ preset: now.preset, values: now.values });
  }

  // The first scenario says what happens without the change only to one that starts where it
  // does; to itself it would give the answer away.
  function without(now) {
    const [first, own] = [data.presets[0], data.presets[now.preset]].map((each) => JSON.stringify(each.state));
    const itself = now.preset === 0 && !Object.keys(now.values).length;
    return itself || first !== own ? null : runOf({ preset: 0, values: {} }).values.get(data.outputs[now.predict].name);
  }

  // A guess begins as what was, held from the change on: the learner bends it.
  function begun(now) {
    const run = asked(now);
    const column = run.values.get(data.outputs[now.predict].name);
    const { from } = data.presets[now.preset];
    const last = run.time[run.time.length - 1];
    const times = Array.from({ length: HANDLES }, (_, k) => from + ((k + 1) / HANDLES) * (last - from));
    const first = run.time.findIndex((time) => time >= from);
    return { from, times, first, start: column[first], values: times.map(() => column[first]), run: false, answers: [] };
  }

  function guessed(guess, run, name) {
    const column = run.values.get(name).slice();
    const times = [guess.from, ...guess.times];
    const values = [guess.start, ...guess.values];
    for (let k = guess.first, leg = 0; k < column.length; k++) {
      while (leg < times.length - 2 && run.time[k] > times[leg + 1]) leg++;
      const share = (run.time[k] - times[leg]) / (times[leg + 1] - times[leg]);
      column[k] = values[leg] + Math.min(1, share) * (values[leg + 1] - values[leg]);
    }
    return column;
  }

  function show() {
    const now = steps[step];
    const asks = now.predict !== null && !guesses.get(step).run;
    const unfolds = now.show.length > 0 && now.predict === null && !now.try;
    at("tale").hidden = false;
    mode(["telling", asks ? "guessing" : unfolds ? "unfolding" : ""]);
    at("tale-count").textContent = `${data.story.title}: step ${step + 1} of ${steps.length}`;
    at("tale-title").textContent = now.title;
    at("tale-text").textContent = now.text;
    at("tale-try").textContent = now.try;
    at("tale-try").hidden = !now.try;
    at("tale-back").disabled = step === 0;
    at("tale-next").textContent = step + 1 < steps.length ? "Next" : "End of the story";
    const told = steps.slice(0, step + 1).flatMap((each) => each.show);
    pictures.only(told.length ? new Set(told) : null);
    at("guess").hidden = now.predict === null;
    at("guess-hand").hidden = at("guess-run").hidden = !asks;
    at("debrief").hidden = now.predict === null || asks;
    if (now.predict !== null) {
      draw_chart(now);
      if (asks) hand(now);
      else debrief(now);
    }
    settled();
  }

  function draw_chart(now) {
    const output = data.outputs[now.predict];
    if (chart === null || chart.output !== output) {
      chart = new Chart(output, now.predict, () => {});
      chart.read.remove();
      at("guess-chart").replaceChildren(chart.figure);
      chart.svg.addEventListener("pointerdown", pen);
      chart.svg.addEventListener("pointermove", (event) => { if (event.buttons) pen(event); });
      chart.svg.classList.add("pen");
    }
    refresh(now);
  }

  function refresh(now) {
    const guess = guesses.get(step);
    const { name, title } = data.outputs[now.predict];
    const run = asked(now);
    const base = without(now);
    const runs_ = [{ column: guessed(guess, run, name), look: "guess" }];
    if (base !== null) runs_.unshift({ column: base, look: "base" });
    if (guess.run) runs_.push({ column: run.values.get(name), look: "now" });
    at("guess-note").textContent = base === null ? BEGINS : GREY;
    at("legend-base").hidden = base === null;
    chart.update(run.time, runs_, guess.run ? data.presets[now.preset].marks : [], wide ? wide.get(name) : []);
    chart.svg.setAttribute("aria-label", `Your guess of ${title}: ${guess.times.map((time, k) => `${moment(time)} ${number(guess.values[k])}`).join(", ")}.`);
  }

  // The hand on the chart moves the nearest handle; the sliders below do the same for keys.
  function pen(event) {
    const now = steps[step];
    const guess = guesses.get(step);
    if (guess.run) return;
    event.preventDefault();
    const box = chart.svg.getBoundingClientRect();
    const [first, last] = chart.span;
    const time = first + ((event.clientX - box.left - LEFT) / (chart.width - LEFT - RIGHT)) * (last - first);
    const value = chart.low + ((HEIGHT - BOTTOM - (event.clientY - box.top)) / (HEIGHT - BOTTOM - TOP)) * (chart.high - chart.low);
    const near = guess.times.reduce((best, each, k) => (Math.abs(each - time) < Math.abs(guess.times[best] - time) ? k : best), 0);
    guess.values[near] = Math.min(chart.high, Math.max(chart.low, value));
    refresh(now);
    hand(now);
  }

  function hand(now) {
    const guess = guesses.get(step);
    const box = at("guess-sliders");
    const [low, high] = [chart.low, chart.high];
    if (box.children.length !== HANDLES || box.dataset.step !== String(step)) {
      box.dataset.step = step;
      box.replaceChildren(...guess.times.map((time, k) => make("label", {}, make("span", { text: moment(Math.round(time)) }),
        make("input", { type: "range", min: low, max: high, step: (high - low) / 100, oninput: (event) => {
          guess.values[k] = Number(event.target.value);
          refresh(now);
          hand(now);
        } }), make("output"))));
    }
    [...box.children].forEach((label, k) => {
      const [, input, output] = label.children;
      if (document.activeElement !== input) input.value = guess.values[k];
      output.textContent = number(guess.values[k]);
      input.setAttribute("aria-valuetext", output.textContent);
    });
  }

  function debrief(now) {
    const guess = guesses.get(step);
    const output = data.outputs[now.predict];
    const run = asked(now);
    const mine = guessed(guess, run, output.name);
    const real = run.values.get(output.name);
    const end = real.length - 1;
    let worst = guess.first;
    real.forEach((value, k) => { if (Math.abs(value - mine[k]) > Math.abs(real[worst] - mine[worst])) worst = k; });
    const decimals = places(mine[end], real[end], mine[worst], real[worst]);
    const way = (to) => (Math.abs(to - guess.start) <= 0.01 * Math.max(Math.abs(to), Math.abs(guess.start)) ? "stay" : to > guess.start ? "rise" : "fall");
    const said = way(mine[end]) === way(real[end]) ? `You saw that it would ${way(real[end])}.` : `You expected it to ${way(mine[end])}; it does ${way(real[end])}.`;
    at("debrief-guess").textContent = `Your guess for ${output.title} ended at ${number(mine[end], decimals)}; it came to ${withUnit(number(real[end], decimals), output.units)}. ${said} Guess and outcome lie furthest apart in ${moment(run.time[worst])}: ${number(mine[worst], decimals)} against ${number(real[worst], decimals)}.`;
    at("debrief-loops").replaceChildren(...pictures.words(Object.keys(now.values).length ? nearest(run) : now.preset).map((text) => make("li", { dir: "auto", text })));
    at("debrief-ask").hidden = !now.questions.length;
    at("debrief-questions").replaceChildren(...now.questions.map((text, k) => {
      const answer = make("textarea", { rows: 2, "aria-label": text, oninput: () => { guess.answers[k] = answer.value; } });
      answer.value = guess.answers[k] || "";
      return make("li", { dir: "auto" }, text, answer);
    }));
  }

  return { resized() { if (step >= 0 && steps[step].predict !== null) refresh(steps[step]); } };
}
