// Total operations of numbers, the same as in every other target (docs/semantics.md, section 3).

function add(a, b) { return a + b; }
function subtract(a, b) { return a - b; }
function multiply(a, b) { return a * b; }
function divide(a, b) { return a / b; }
function negate(a) { return -a; }
function percent(a) { return 100 * a; }

// C99's pow: 1 to any power and -1 to an infinite one are 1, where JavaScript says NaN.
function power(a, b) {
  if (a === 1) return 1;
  if (a === -1 && (b === Infinity || b === -Infinity)) return 1;
  return Math.pow(a, b);
}

// The sign of b; NaN for b = 0.
function modulo(a, b) {
  const left = a % b;
  return left !== 0 && left < 0 !== b < 0 ? left + b : left;
}

// The sign of a; NaN for b = 0.
function remainder(a, b) { return a % b; }

function minimum(a, b) { return a < b ? a : b <= a ? b : NaN; }
function maximum(a, b) { return a > b ? a : b >= a ? b : NaN; }
function absolute(a) { return Math.abs(a); }
function floor(a) { return Math.floor(a); }
function truncate(a) { return Math.trunc(a); }

// Halves go away from zero.
function round_half_away(a) {
  const size = Math.abs(a);
  const whole = Math.floor(size);
  if (!(size < Infinity)) return a;
  const nearest = size - whole >= 0.5 ? whole + 1 : whole;
  return a < 0 ? -nearest : nearest;
}

function square_root(a) { return Math.sqrt(a); }
function exponential(a) { return Math.exp(a); }
function natural_logarithm(a) { return Math.log(a); }
function decimal_logarithm(a) { return Math.log10(a); }
function sine(a) { return Math.sin(a); }
function cosine(a) { return Math.cos(a); }
function tangent(a) { return Math.tan(a); }
function arc_sine(a) { return Math.asin(a); }
function arc_cosine(a) { return Math.acos(a); }
function arc_tangent(a) { return Math.atan(a); }
function hyperbolic_sine(a) { return Math.sinh(a); }
function hyperbolic_cosine(a) { return Math.cosh(a); }
function hyperbolic_tangent(a) { return Math.tanh(a); }

function quantum(a, b) { return b > 0 ? b * Math.trunc(a / b) : a; }
function divide_unless_tiny(a, b, otherwise) { return Math.abs(b) < 1e-6 ? otherwise : a / b; }
function sign(a) { return a > 0 ? 1 : a < 0 ? -1 : a; }

// For an odd whole n that of a negative number is negative; whole where a whole number is it.
function root(a, n) {
  if (a < 0 && n === Math.trunc(n) && modulo(n, 2) === 1) return -root(-a, n);
  const found = power(a, 1 / n);
  const whole = round_half_away(found);
  return power(whole, n) === a ? whole : found;
}

function is_count(n) { return n >= 0 && n < Infinity && n === Math.floor(n); }

// A product of more falling factors, or as many taken out of twice as many, has no double.
const MOST_FACTORS = 1000;
const TOO_LARGE = 2n ** 1024n;

function permutations(n, r) {
  if (!is_count(n) || !is_count(r)) return NaN;
  if (r > n) return 0;
  if (r > MOST_FACTORS) return Infinity;
  let product = 1n;
  for (let taken = 0n; taken < BigInt(r); taken++) {
    product *= BigInt(n) - taken;
    if (product > TOO_LARGE) return Infinity;
  }
  return Number(product);
}

function combinations(n, r) {
  if (!is_count(n) || !is_count(r)) return NaN;
  const taken = Math.min(r, n - r);
  if (taken < 0) return 0;
  if (taken > MOST_FACTORS) return Infinity;
  let ways = 1n;
  for (let k = 1n; k <= BigInt(taken); k++) {
    ways = (ways * (BigInt(n) - BigInt(taken) + k)) / k;
    if (ways > TOO_LARGE) return Infinity;
  }
  return Number(ways);
}

function factorial(n) { return permutations(n, n); }

// Graphical functions: the place of the last point at or before a value, -1 before the first.
// At a repeated x the later point counts, so that a vertical piece is a jump.
function point_before(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < x[middle]) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function slopes_of(x, y) {
  const slopes = new Float64Array(x.length);
  for (let k = 0; k + 1 < x.length; k++) {
    slopes[k] = x[k + 1] > x[k] ? (y[k + 1] - y[k]) / (x[k + 1] - x[k]) : 0;
  }
  return slopes;
}

function continuous(points, heights) {
  const x = Float64Array.from(points);
  const y = Float64Array.from(heights);
  const slopes = slopes_of(x, y);
  const last = x.length - 1;
  return function (value) {
    if (value !== value) return value;
    if (value < x[0]) return y[0];
    const place = point_before(x, value);
    return place >= last ? y[last] : y[place] + slopes[place] * (value - x[place]);
  };
}

function extrapolate(points, heights) {
  const x = Float64Array.from(points);
  const y = Float64Array.from(heights);
  const slopes = slopes_of(x, y);
  const last = x.length - 1;
  return function (value) {
    if (value !== value) return value;
    const place = Math.max(point_before(x, value), 0);
    const slope = slopes[place === last ? last - 1 : place];
    return y[place] + slope * (value - x[place]);
  };
}

function discrete(points, heights) {
  const x = Float64Array.from(points);
  const y = Float64Array.from(heights);
  return function (value) {
    return value !== value ? value : y[Math.max(point_before(x, value), 0)];
  };
}
