// What runs a study: a preset is a set of numbers, a lever moved is two more. It stands in the page
// and, from the same text, in the worker that looks for tipping points.

const engine = (function () {
  "use strict";

  function makeEngine(data) {
    const models = data.programs.map((_, place) => cyclesim.model(`m${place}`, data.schedule));

    // A lever counts as moved where its number is not the preset's own.
    function moved(preset, values) {
      return Object.keys(values).filter((lever) => values[lever] !== data.presets[preset].levers[lever]);
    }

    function parameters(preset, values) {
      const { program, bound, courses, recompute, from } = data.presets[preset];
      const numbers = models[program].parameters.slice();
      for (const [place, number] of bound) numbers[place] = number;
      for (const lever of moved(preset, values)) {
        const [base, time, size] = data.programs[program].levers[lever];
        for (const [place, number] of courses[lever] || []) numbers[place] = number;
        if (recompute) numbers[base] = values[lever];
        else {
          numbers[time] = from;
          numbers[size] = values[lever];
        }
      }
      return numbers;
    }

    // One run of a preset with some levers moved. `names` are the rows wanted.
    function run(preset, values, names) {
      const { program, state } = data.presets[preset];
      const model = models[program];
      const given = {
        parameters: parameters(preset, values),
        seed: data.seed,
        keep: names.map((name) => model.rowPlaces.get(name)),
      };
      if (state !== null) given.state = state;
      const found = model.run(given);
      const values_by_name = new Map(names.map((name, place) => [name, found.values[place]]));
      return { time: found.time, values: values_by_name, status: found.status };
    }

    return { run, moved, models };
  }

  // Which side of its beginning an output ends on: 1 above, -1 below, 0 within a share of its
  // size, NaN where the run does not reach the end.
  function side(column, within = 0.01) {
    const first = column[0];
    const last = column[column.length - 1];
    if (!Number.isFinite(first) || !Number.isFinite(last)) return NaN;
    const size = Math.max(Math.abs(first), Math.abs(last));
    return Math.abs(last - first) <= within * size ? 0 : Math.sign(last - first);
  }

  // Where an output's side turns as one lever moves away from where it stands, downwards and
  // upwards: a walk in even steps, then bisection. Null where it keeps its side.
  function turns(one, lever, side_at) {
    const here = side_at(one);
    const steps = 12;
    const found = { here, below: null, above: null };
    for (const [name, end] of [["below", lever.low], ["above", lever.high]]) {
      let inside = one;
      for (let step = 1; step <= steps && one !== end; step++) {
        let outside = one + ((end - one) * step) / steps;
        const there = side_at(outside);
        if (Object.is(there, here)) {
          inside = outside;
          continue;
        }
        for (let halving = 0; halving < 24 && Math.abs(outside - inside) > lever.step / 20; halving++) {
          const middle = (inside + outside) / 2;
          if (Object.is(side_at(middle), here)) inside = middle;
          else outside = middle;
        }
        const next = side_at(outside);
        found[name] = { at: outside, side: next === 0 ? there : next };  // past the narrow band of no move
        break;
      }
    }
    return found;
  }

  return { makeEngine, side, turns };
})();
