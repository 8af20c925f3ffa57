// What lies on a conveyor, step by step, and what comes off it (docs/semantics.md, 4.8 to 4.11).

function whole_steps(transit, dt) {
  const steps = Math.floor(transit / dt + 0.5);
  return steps >= 1 && steps < Infinity ? steps : 1;
}

// One conveyor, or one element of an array of them. What enters in a step is one lot; lots lie
// oldest first, one for each step, so that the last is of age 1. `steps` is how long each is on
// its way, `rest` what it still holds, `shed` what each linear leak takes of it over its way.
class Belt {
  constructor(zones, exponential, dt, content, transit, fractions) {
    this.zones = zones;
    this.exponential = exponential;
    this.dt = dt;
    const count = whole_steps(transit, dt);
    this.steps = new Array(count).fill(count);
    const taken = exponential ? fractions.map((fraction) => fraction * dt) : fractions;
    const kept = exponential ? this.left_by_slats(taken) : this.left_by_shares(taken);
    // As much a lot as fills the conveyor: the steady state of that content.
    const lot = content / sum(kept);
    this.rest = kept.map((part) => (exponential ? lot * part : lot * left_of(taken)));
    this.shed = exponential ? [] : taken.map((fraction) => this.steps.map(() => lot * fraction));
  }

  age(place) { return this.steps.length - place; }

  // What is left of each lot of a steady flow of 1 a step, as it lies there.
  left_by_slats(fractions) {
    const kept = new Array(this.steps.length).fill(1);
    for (let place = kept.length - 2; place >= 0; place--) {
      kept[place] = kept[place + 1] * (1 - this.gone(fractions, place + 1));
    }
    return kept;
  }

  left_by_shares(fractions) {
    return this.steps.map((steps, place) =>
      this.zones.reduce((kept, { start, end }, leak) => {
        const passed = (this.age(place) - 1 - start * steps) / ((end - start) * steps);
        return kept - fractions[leak] * Math.min(Math.max(passed, 0), 1);
      }, 1),
    );
  }

  gone(fractions, place) {
    return this.zones.reduce((total, zone, leak) => total + fractions[leak] * this.zoned(zone, place), 0);
  }

  // The share of the slat that a lot lies on which is in a zone, 0 once the lot has left.
  zoned({ start, end }, place) {
    const age = this.age(place);
    const steps = this.steps[place];
    return Math.max(0, Math.min(age, end * steps) - Math.max(age - 1, start * steps));
  }

  at_the_end(lots) {
    let total = 0;
    for (let k = 0; k < lots.length; k++) if (this.age(k) === this.steps[k]) total += lots[k];
    return total;
  }

  // The rate at which the end is reached in this step.
  leaving() { return this.at_the_end(this.rest) / this.dt; }

  // What a leak takes in this step. Linear: its rate; exponential: the content it takes a share
  // of, and of that what leaves in this step.
  leaking(leak) {
    const zone = this.zones[leak];
    if (this.exponential) {
      const taken = this.rest.map((lot, place) => lot * this.zoned(zone, place));
      return { amount: sum(taken), ending: this.at_the_end(taken) };
    }
    const way = zone.end - zone.start;
    const taken = this.shed[leak].map(
      (lot, place) => lot * (this.zoned(zone, place) / (way * this.steps[place])),
    );
    return { amount: sum(taken) / this.dt, ending: 0 };
  }

  // Takes what leaks and leaves off, moves on by a step and puts on what enters. `leaked` is the
  // share that each exponential leak took of a full slat in the step.
  move(entering, transit, fractions, leaked) {
    if (this.exponential) {
      this.rest = this.rest.map((lot, place) => lot * (1 - this.gone(leaked, place)));
    }
    let first = 0;
    while (first < this.steps.length && this.age(first) >= this.steps[first]) first++;
    const moved = (lots, lot) => {
      const after = lots.slice(first);
      after.push(lot);
      return after;
    };
    this.rest = moved(this.rest, this.exponential ? entering : entering * left_of(fractions));
    this.shed = this.shed.map((lots, leak) => moved(lots, entering * fractions[leak]));
    this.steps = moved(this.steps, whole_steps(transit, this.dt));
  }
}

// The share of what enters that linear leaks leave.
function left_of(fractions) { return fractions.reduce((left, fraction) => left - fraction, 1); }

// What a conveyor gives in the first step: what leaves (number 0), or what its leaks take, each
// an amount and an ending. `leaks` are fraction, start and end of the zone of each.
function conveyor_at_start(number, exponential, dt, content, transit, ...leaks) {
  const fractions = leaks.filter((_, k) => k % 3 === 0);
  const zones = fractions.map((_, k) => ({ start: leaks[3 * k + 1], end: leaks[3 * k + 2] }));
  const belt = new Belt(zones, exponential !== 0, dt, content, transit, fractions);
  if (number === 0) return belt.leaving();
  const found = belt.leaking(Math.floor((number - 1) / 2));
  return number % 2 ? found.amount : found.ending;
}

// What moves every conveyor of a model on by a step: it takes what has entered out of `levels`
// and puts what comes off in the next step into `held`.
function belts_of(conveyors, dt, levels, held) {
  const lanes = conveyors.flatMap(({ size, leaks, ...conveyor }) =>
    Array.from({ length: size }, (_, k) => ({
      entering: conveyor.entering + k,
      transit: conveyor.transit + k,
      leaving: conveyor.leaving + k,
      fractions: leaks.map((leak) => leak.fraction + k),
      leaked: leaks.filter((leak) => leak.leaked !== null).map((leak) => leak.leaked + k),
      amounts: leaks.map((leak) => leak.amount + k),
      endings: leaks.map((leak) => (leak.ending === null ? null : leak.ending + k)),
      belt: new Belt(leaks, conveyor.exponential, dt, levels[conveyor.stock + k],
        held[conveyor.transit + k], leaks.map((leak) => held[leak.fraction + k])),
    })),
  );
  return function (moved, following) {
    for (const { belt, ...lane } of lanes) {
      const entering = moved[lane.entering];
      const leaked = lane.leaked.map((place) => moved[place]);
      const fractions = lane.fractions.map((place) => following[place]);
      for (const place of [lane.entering, ...lane.leaked]) moved[place] = 0;
      belt.move(entering, following[lane.transit], fractions, leaked);
      following[lane.leaving] = belt.leaving();
      for (let leak = 0; leak < fractions.length; leak++) {
        const found = belt.leaking(leak);
        following[lane.amounts[leak]] = found.amount;
        if (lane.endings[leak] !== null) following[lane.endings[leak]] = found.ending;
      }
    }
  };
}
