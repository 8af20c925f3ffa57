// A scarce supply shared out by priority, as Vensim's ALLOCATE AVAILABLE defines it: each request
// has a curve, the share of it that is granted at a price, and the price is the one at which what
// is granted adds up to the supply.

const FIXED = 0;
const REACHES = [0, 0.5, 0.5, 40, 750];

// The share granted at a price `away` widths above the priority: rectangular, triangular, normal,
// exponential.
function share_granted(shape, away) {
  if (shape === 3) return normal_probability(-away);
  if (shape === 4) return away < 0 ? 1 - 0.5 * Math.exp(away) : 0.5 * Math.exp(-away);
  if (away <= -0.5) return 1;
  if (away >= 0.5) return 0;
  if (shape === 1) return 0.5 - away;
  return away < 0 ? 1 - 2 * (away + 0.5) ** 2 : 2 * (0.5 - away) ** 2;
}

function granted_at(price, { amount, shape, priority, width }) {
  if (width === 0) return price < priority ? amount : 0;
  return amount * share_granted(shape, (price - priority) / width);
}

// The next number above or below.
function neighbour(value, upwards) {
  if (value === 0) return upwards ? Number.MIN_VALUE : -Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] += value > 0 === upwards ? 1n : -1n;
  return new Float64Array(bits.buffer)[0];
}

// What each request gets where together they get the supply. The price is halved in down to two
// neighbouring numbers, and the supply shared between what is granted at both: so it is met even
// where curves jump, as those without width do.
function cleared(requests, supply) {
  const granted = (price) => requests.map((request) => granted_at(price, request));
  const reaches = requests.map(({ shape, width }) => REACHES[shape] * width);
  let low = neighbour(Math.min(...requests.map((each, k) => each.priority - reaches[k])), false);
  let high = neighbour(Math.max(...requests.map((each, k) => each.priority + reaches[k])), true);
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(low < middle && middle < high)) break;
    if (sum(granted(middle)) >= supply) low = middle;
    else high = middle;
  }
  const most = granted(low);
  const least = granted(high);
  const upper = sum(most);
  const lower = sum(least);
  const part = upper > lower ? Math.min(Math.max((supply - lower) / (upper - lower), 0), 1) : 1;
  return least.map((small, k) => small + (most[k] - small) * part);
}

function shares_granted(requests, shapes, priorities, widths, supply) {
  const known = shapes.every((shape) => [0, 1, 2, 3, 4].includes(shape));
  const finite = [requests, priorities, widths].every((each) => each.every(Number.isFinite));
  if (!known || !finite || widths.some((width) => width < 0) || supply !== supply) {
    return requests.map(() => NaN);
  }
  const wanted = requests.map((request) => Math.max(request, 0));
  if (supply >= sum(wanted)) return wanted;
  if (supply <= 0) return wanted.map(() => 0);
  const granted = wanted.map((want, k) => (shapes[k] === FIXED ? want : 0));
  const due = sum(granted);
  // What is wanted at any price shares in proportion, and the rest gets none.
  if (supply <= due) return granted.map((want) => want * (supply / due));
  const places = Array.from(wanted.keys()).filter((k) => wanted[k] > 0 && shapes[k] !== FIXED);
  const curves = places.map((k) => ({
    amount: wanted[k], shape: shapes[k], priority: priorities[k], width: widths[k],
  }));
  cleared(curves, supply - due).forEach((amount, k) => { granted[places[k]] = amount; });
  return granted;
}

// Each element of an array asks for its part of the same allocation: the last one is kept.
let allocation_asked = [];
let allocation_found = [];

// What the request at a place, counted from 0, is granted of a supply.
function allocated(requests, shapes, priorities, widths, supply, place) {
  const asked = [requests, shapes, priorities, widths, [supply]].flatMap((each) => Array.from(each));
  const known = asked.length === allocation_asked.length;
  if (!known || !asked.every((value, k) => value === allocation_asked[k])) {
    const given = [requests, shapes, priorities, widths].map((each) => Array.from(each));
    allocation_found = shares_granted(...given, supply);
    allocation_asked = asked;
  }
  return allocation_found[place];
}
