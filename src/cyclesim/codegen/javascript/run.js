// Programs by the names under which scripts register them, and models that run them.

const programs = new Map();

function define(name, about, make) { programs.set(name, { about, make }); }

// The names of all rows: one for a variable, or one for each element of an array.
function row_names(names, elements) {
  return names.map((name, variable) => {
    const dimensions = elements[variable];
    if (dimensions === undefined) return [name];
    let labels = [""];
    for (const [axis, dimension] of dimensions.entries()) {
      const joint = axis ? "," : "";
      labels = labels.flatMap((label) => dimension.map((element) => label + joint + element));
    }
    return labels.map((label) => `${name}[${label}]`);
  });
}

function places_of(names) { return new Map(names.map((name, place) => [name, place])); }

// Puts levels one dt later into `moved`: explicit Runge-Kutta by its tableau. What is held
// stands still in all stages, which lie in `stages`.
function advance(rates, tableau, time, dt, levels, held, stages, inner, moved) {
  const { a, b, c } = tableau;
  for (let stage = 0; stage < b.length; stage++) {
    let at_stage = levels;
    if (stage > 0) {
      combine(levels, dt, a[stage], stages, inner);
      at_stage = inner;
    }
    rates(time + c[stage] * dt, time, at_stage, held, stages[stage]);
  }
  combine(levels, dt, b, stages, moved);
}

function combine(levels, dt, weights, stages, found) {
  let begun = false;
  for (let stage = 0; stage < weights.length; stage++) {
    if (weights[stage] === 0) continue;
    const weight = weights[stage] * dt;
    const rate = stages[stage];
    if (begun) for (let k = 0; k < found.length; k++) found[k] += weight * rate[k];
    else for (let k = 0; k < found.length; k++) found[k] = weight * rate[k];
    begun = true;
  }
  for (let k = 0; k < found.length; k++) found[k] = levels[k] + found[k];
}

// A delay in steps: whole and at least one, the first step at or after the delay is over.
function delay_steps(delay, dt, most) {
  if (delay !== delay) return 1;
  return Math.max(1, Math.min(most, Math.ceil(Math.min(delay / dt, 1e15) - 1e-6)));
}

function numbers(values) { return Float64Array.from(values); }

function all_finite(values) {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return false;
  return true;
}

// A program with a schedule: what it is given, and its runs.
class Model {
  constructor({ about, make }, schedule) {
    this.schedule = schedule;
    const { a, b, c } = schedule.tableau;
    this.tableau = { a: a.map(numbers), b: numbers(b), c: numbers(c) };
    this.functions = make(runtime);
    this.names = about.names;
    this.time_units = about.time_units;
    this.watched = about.watched;
    this.levels = about.levels;
    this.conveyors = about.conveyors;
    const names = row_names(about.names, about.elements);
    this.rows = names.flat();
    this.first_rows = [0];
    for (const each of names) this.first_rows.push(this.first_rows.at(-1) + each.length);
    this.rowPlaces = places_of(this.rows);
    [this.level_count, this.memory_count, this.buffer_count] = about.sizes;
    this.parameters = Float64Array.from(about.parameters.flatMap(([, ...values]) => values));
    this.parameterPlaces = new Map();
    let place = 0;
    for (const [name, ...values] of about.parameters) {
      this.parameterPlaces.set(name, place);
      place += values.length;
    }
    this.clocks = new Map();
    this.state = this.initialState();
  }

  // The clock of a run until `stop`, the schedule's own where it is undefined.
  clock(stop) {
    if (!this.clocks.has(stop)) {
      if (this.clocks.size >= 8) this.clocks.clear();
      this.clocks.set(stop, new Clock(this.schedule, stop));
    }
    return this.clocks.get(stop);
  }

  bind({ parameters = this.parameters, stop, seed = 0, run = 0 } = {}) {
    if (parameters.length !== this.parameters.length) {
      throw new RangeError(`${this.parameters.length} parameters are wanted, not ${parameters.length}`);
    }
    const clock = this.clock(stop);
    clock.seed = seed;
    clock.run = run;
    this.functions.bind(parameters, clock);
    return clock;
  }

  // The state in which a run begins by its initial equations.
  initialState(given) {
    this.bind(given);
    return this.begun();
  }

  begun() {
    const state = new Float64Array(this.level_count + this.memory_count + this.buffer_count);
    this.functions.initial(state);
    return { levels: state.slice(0, this.level_count), held: state.slice(this.level_count) };
  }

  // One run: saved times, the values of the rows in `keep` (numbers; all where it is undefined),
  // and how the run ended. `state` starts it elsewhere than its initial equations say.
  run(given = {}) {
    const clock = this.bind(given);
    const state = given.state === undefined ? this.begun() : given.state;
    if (state.levels.length !== this.level_count || state.held.length !== this.memory_count + this.buffer_count) {
      throw new RangeError("the state is that of another model");
    }
    const keep = given.keep === undefined ? this.rows.keys() : given.keep;
    const kept = Int32Array.from(keep);
    const count = clock.saved.length;
    const values = Array.from(kept, () => new Float64Array(count).fill(NaN));
    const status = this.stepped(clock, state, kept, values);
    return { time: clock.saved_times.slice(), values, status };
  }

  stepped(clock, state, kept, values) {
    const { rates, outputs } = this.functions;
    const { tableau } = this;
    const { dt, steps, times, saved } = clock;
    const row = new Float64Array(this.rows.length);
    const stages = Array.from(tableau.b, () => new Float64Array(this.level_count));
    const inner = new Float64Array(this.level_count);
    let levels = Float64Array.from(state.levels);
    let moved = new Float64Array(this.level_count);
    let held = Float64Array.from(state.held);
    let following = new Float64Array(held.length);
    const rings = held.length ? this.rings(state.held, clock) : null;
    const belts = this.conveyors.length ? belts_of(this.conveyors, dt, levels, held) : null;
    let due = 0;
    for (let step = 0; step <= steps; step++) {
      const time = times[step];
      if (step === saved[due]) {
        outputs(time, time, levels, held, row);
        for (let k = 0; k < kept.length; k++) values[k][due] = row[kept[k]];
        due++;
      }
      if (step === steps) break;
      if (rings !== null) rings(time, levels, held, step, following);
      advance(rates, tableau, time, dt, levels, held, stages, inner, moved);
      if (belts !== null) belts(moved, following);
      if (!all_finite(moved) || !all_finite(following)) {
        outputs(time, time, levels, held, row);
        return { complete: false, time, message: blamed(this, row, time, times[step + 1]) };
      }
      [levels, moved] = [moved, levels];
      [held, following] = [following, held];
    }
    return { complete: true, time: clock.stop, message: "" };
  }

  // What puts that which is held during step + 1 into `following`: memories renewed, and past
  // inputs of buffers. It keeps the inputs of all steps.
  rings(before, clock) {
    const { update } = this.functions;
    const { memory_count, buffer_count } = this;
    const { dt, steps } = clock;
    const renewed = new Float64Array(memory_count + 2 * buffer_count);
    const past = new Float64Array(buffer_count * steps);
    return function (time, levels, held, step, following) {
      update(time, time, levels, held, renewed);
      for (let k = 0; k < memory_count; k++) following[k] = renewed[k];
      for (let ring = 0; ring < buffer_count; ring++) {
        const spot = memory_count + 2 * ring;
        past[ring * steps + step] = renewed[spot];
        const due = step + 1 - delay_steps(renewed[spot + 1], dt, step + 2);
        following[memory_count + ring] = due >= 0 ? past[ring * steps + due] : before[memory_count + ring];
      }
    };
  }
}

function model(name, schedule) {
  const program = programs.get(name);
  if (program === undefined) throw new RangeError(`no program is called '${name}'`);
  return new Model(program, schedule);
}

const runtime = {
  absolute, add, allocated, arc_cosine, arc_sine, arc_tangent, at, beta_quantile, binomial_quantile,
  combinations, continuous, conveyor_at_start, cosine, decimal_logarithm, deviation, discrete, divide,
  divide_unless_tiny, exponential, extrapolate, factorial, floor, gamma_quantile, highest,
  hyperbolic_cosine, hyperbolic_sine, hyperbolic_tangent, log_gamma, looked_up, lowest, maximum,
  mean, minimum, modulo, multiply, natural_logarithm, negate, normal_probability, normal_quantile,
  percent, permutations, poisson_quantile, power, product, quantum, rank, rank_order, remainder,
  root, round_half_away, selected, sign, sine, sort_order, spot, square_root, standard_normal,
  step_number, subtract, sum, tangent, triangular_quantile, truncate, uniform,
};

return { define, model };
