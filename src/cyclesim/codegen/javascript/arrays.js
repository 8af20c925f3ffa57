// Functions of arrays: elements sought by value, and reductions of lists of numbers.

// Where an element lies, given where its row does; -1 where there is none.
function spot(row, size, place) {
  return row >= 0 && place >= 0 && place < size ? row * size + Math.trunc(place) : -1;
}

function at(values, place) { return place < 0 ? NaN : values[place]; }
function looked_up(tables, place, argument) { return place < 0 ? NaN : tables[place](argument); }

function sum(values) {
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k];
  return total;
}

function product(values) {
  let total = 1;
  for (let k = 0; k < values.length; k++) total *= values[k];
  return total;
}

function lowest(values) {
  let found = values[0];
  for (let k = 1; k < values.length; k++) found = minimum(found, values[k]);
  return found;
}

function highest(values) {
  let found = values[0];
  for (let k = 1; k < values.length; k++) found = maximum(found, values[k]);
  return found;
}

function mean(values) { return sum(values) / values.length; }

// Of the whole population.
function deviation(values) {
  const middle = mean(values);
  let total = 0;
  for (let k = 0; k < values.length; k++) total += (values[k] - middle) * (values[k] - middle);
  return Math.sqrt(total / values.length);
}

// The places of values in order; equal ones keep their order in both directions. Null where a
// value is NaN.
function places_in_order(values, upwards) {
  if (values.some(Number.isNaN)) return null;
  const direction = upwards ? 1 : -1;
  const compared = (a, b) => {
    if (values[a] === values[b]) return a - b;
    return values[a] < values[b] ? -direction : direction;
  };
  return Array.from(values.keys()).sort(compared);
}

function rank(values, number) {
  if (!(number >= 1 && number <= values.length)) return NaN;
  const order = places_in_order(values, true);
  return order === null ? NaN : order[Math.trunc(number) - 1] + 1;
}

function sort_order(values, direction, place) {
  const order = places_in_order(values, direction > 0);
  return order === null ? NaN : order[Math.trunc(place)];
}

function rank_order(values, direction, place) {
  const order = places_in_order(values, direction > 0);
  return order === null ? NaN : order.indexOf(Math.trunc(place)) + 1;
}

// VECTOR SELECT: what is made of the chosen values, by its numerical action. The power is as
// Vensim computes it.
const CHOSEN = [
  (weights, values) => sum(values.map((value, k) => weights[k] * value)),
  (weights, values) => product(values.map((value, k) => weights[k] * value)),
  (weights, values) => lowest(values.map((value, k) => weights[k] * value)),
  (weights, values) => highest(values.map((value, k) => weights[k] * value)),
  (weights, values) => mean(values.map((value, k) => weights[k] * value)),
  (weights, values) => product(values.map((value, k) => power(value, weights[k]))),
  (weights, values) => sum(values),
  (weights, values) => product(values),
  (weights, values) => lowest(values),
  (weights, values) => highest(values),
  (weights, values) => mean(values),
];

function selected(selection, values, missing, action, error) {
  if (!(action in CHOSEN) || ![0, 1, 2, 3].includes(error)) return NaN;
  const chosen = Array.from(selection.keys()).filter((place) => selection[place] !== 0);
  const forbidden = chosen.length === 0 ? [1, 3] : chosen.length > 1 ? [2, 3] : [];
  if (forbidden.includes(error)) return NaN;
  if (chosen.length === 0) return missing;
  const weights = chosen.map((place) => selection[place]);
  return CHOSEN[action](weights, chosen.map((place) => values[place]));
}
