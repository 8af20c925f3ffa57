// The clock of a run, counted in whole steps: time(n) = (first + n * each) / parts.

// The double nearest to a quotient of whole numbers of any size.
function nearest_quotient(above, below) {
  const size = above < 0n ? -above : above;
  if (size <= BigInt(Number.MAX_SAFE_INTEGER) && below <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return Number(above) / Number(below);
  }
  // Shifted until the quotient has more digits than a double; what is left over marks it as more.
  let shift = 0n;
  while ((size << shift) / below < 1n << 64n) shift += 64n;
  const quotient = (size << shift) / below;
  const inexact = quotient * below === size << shift ? 0n : 1n;
  const found = Number((quotient << 1n) | inexact) / 2 ** (Number(shift) + 1);
  return above < 0n ? -found : found;
}

function rounded_up(above, below) {
  const whole = above / below;
  return whole * below < above ? whole + 1n : whole;
}

// What a model's schedule comes to: the time of each step, and the steps that are saved.
class Clock {
  constructor(schedule, stop) {
    this.first = BigInt(schedule.first);
    this.each = BigInt(schedule.each);
    this.parts = BigInt(schedule.parts);
    this.dt = nearest_quotient(this.each, this.parts);
    this.start = this.time(0);
    this.steps = stop === undefined ? schedule.steps : this.steps_until(stop);
    this.stop = this.time(this.steps);
    this.times = Float64Array.from({ length: this.steps + 1 }, (_, step) => this.time(step));
    this.saved = this.saved_steps(schedule.save_every.map(BigInt));
    this.saved_times = Float64Array.from(this.saved, (step) => this.times[step]);
    this.declared_dt = schedule.declared_dt;
    this.seed = 0;
    this.run = 0;
  }

  time(step) { return nearest_quotient(this.first + BigInt(step) * this.each, this.parts); }

  steps_until(stop) {
    const steps = (stop - this.start) / this.dt;
    const whole = Math.round(steps);
    if (!(whole >= 1) || Math.abs(steps - whole) > steps * 1e-6) {
      throw new RangeError(`a run from ${this.start} by steps of ${this.dt} does not stop at ${stop}`);
    }
    return whole;
  }

  // Each save falls on the first step at or after its time, within a millionth of a step; the end
  // of a run is always kept.
  saved_steps([above, below]) {
    const saved = [];
    const million = 1000000n;
    for (let count = 0n; ; count++) {
      const step = Number(rounded_up(count * above * million - below, below * million));
      if (step > this.steps) break;
      if (saved.length === 0 || step > saved[saved.length - 1]) saved.push(step);
    }
    if (saved[saved.length - 1] !== this.steps) saved.push(this.steps);
    return Int32Array.from(saved);
  }
}
