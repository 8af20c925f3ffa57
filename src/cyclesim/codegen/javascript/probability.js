// Distributions: probabilities, quantiles, and the functions that they are made of.

// What Stirling's series adds to (a - 1/2) ln a - a + ln(2 pi)/2, for a from 15 on: the
// Bernoulli numbers (NIST, Digital Library of Mathematical Functions, 5.11.1).
function stirling_rest(a) {
  const s = 1 / (a * a);
  return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188))))) / a;
}

const HALF_LOG_TWO_PI = 0.9189385332046727;

// The natural logarithm of the size of the gamma function; infinite at its poles.
function log_gamma(a) {
  if (a !== a) return a;
  if (a === Infinity || a === -Infinity) return Infinity;
  if (a === Math.floor(a) && a <= 2) return a <= 0 ? Infinity : 0;
  if (a < 0.5) {
    const part = Math.abs(a - 2 * Math.round(a / 2));
    const wave = Math.sin(Math.PI * (part > 0.5 ? 1 - part : part));
    if (wave === 0) return -Math.log(Math.abs(a));
    return Math.log(Math.PI / Math.abs(wave)) - log_gamma(1 - a);
  }
  let factors = 1;
  let large = a;
  while (large < 15) {
    factors *= large;
    large += 1;
  }
  const found = (large - 0.5) * (Math.log(large) - 1) - 0.5 + HALF_LOG_TWO_PI;
  return found + stirling_rest(large) - Math.log(factors);
}

// erf(a) for 0 <= a < 2 by its series (DLMF 7.6.2): all terms have one sign.
function error_series(a) {
  let term = a;
  let total = a;
  for (let n = 1; total + term > total; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * total;
}

// erfc(a) for a >= 2 by its continued fraction (DLMF 7.9.1), from its 100th part inwards.
function error_fraction(a) {
  let part = a;
  for (let n = 100; n > 0; n--) part = a + n / 2 / part;
  return Math.exp(-a * a) / (Math.sqrt(Math.PI) * part);
}

function error_complement(a) {
  if (a < 0) return 2 - error_complement(-a);
  if (a > 30) return 0;
  return a < 2 ? 1 - error_series(a) : error_fraction(a);
}

// The probability that a standard normal variable stays below a.
function normal_probability(a) {
  return a !== a ? a : 0.5 * error_complement(-a / Math.SQRT2);
}

// Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37(3): numerator and denominator
// of three rational approximations, highest power first.
const CENTRE = [
  [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
   13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
  [5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
   5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1],
];
const MIDDLE = [
  [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
   1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
   4.6303378461565452959, 1.42343711074968357734],
  [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
   0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
   2.05319162663775882187, 1],
];
const TAIL = [
  [2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
   0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
   5.4637849111641143699, 6.6579046435011037772],
  [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
   7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
   0.59983220655588793769, 1],
];

function polynomial_ratio(tables, r) {
  let above = 0;
  let below = 0;
  for (const coefficient of tables[0]) above = above * r + coefficient;
  for (const coefficient of tables[1]) below = below * r + coefficient;
  return above / below;
}

// What a standard normal variable stays below with a probability.
function standard_normal(probability) {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) return q * polynomial_ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? probability : 1 - probability));
  const value = r <= 5 ? polynomial_ratio(MIDDLE, r - 1.6) : polynomial_ratio(TAIL, r - 5);
  return q < 0 ? -value : value;
}

function normal_quantile(probability) {
  if (probability > 0 && probability < 1) return standard_normal(probability);
  return probability === 0 ? -Infinity : probability === 1 ? Infinity : NaN;
}

function triangular_quantile(probability, peak) {
  if (!(probability >= 0 && probability <= 1 && peak >= 0 && peak <= 1)) return NaN;
  if (probability < peak) return Math.sqrt(probability * peak);
  return 1 - Math.sqrt((1 - probability) * (1 - peak));
}

const MOST_EXPECTED = 1e12;

// The least count that is not exceeded with a probability, found from the most likely count,
// whose probability is `top`; ratio(n) is the probability of n over that of n - 1.
function walked_quantile(probability, mode, most, top, ratio) {
  let below = top;
  let term = top;
  let count = mode;
  while (count > 0 && term > below * 1e-17) {
    term /= ratio(count);
    count -= 1;
    below += term;
  }
  let total = below;
  term = top;
  count = mode;
  while (count > 0 && total - term >= probability) {
    total -= term;
    term /= ratio(count);
    count -= 1;
  }
  while (total < probability && count < most && total + term > total) {
    count += 1;
    term *= ratio(count);
    total += term;
  }
  return count;
}

function poisson_quantile(probability, mean) {
  if (!(probability > 0 && probability < 1 && mean >= 0 && mean <= MOST_EXPECTED)) return NaN;
  if (mean === 0) return 0;
  const mode = Math.floor(mean);
  const top = Math.exp(mode * Math.log(mean) - mean - log_gamma(mode + 1));
  return walked_quantile(probability, mode, Infinity, top, (count) => mean / count);
}

function binomial_quantile(probability, trials, chance) {
  const known = probability > 0 && probability < 1 && trials >= 0 && trials <= MOST_EXPECTED;
  if (!known || trials !== Math.floor(trials)) return NaN;
  if (chance === 0 || trials === 0) return 0;
  if (chance === 1) return trials;
  if (!(chance > 0 && chance < 1)) return NaN;
  const mode = Math.min(Math.floor((trials + 1) * chance), trials);
  const odds = chance / (1 - chance);
  const ways = log_gamma(trials + 1) - log_gamma(mode + 1) - log_gamma(trials - mode + 1);
  const top = Math.exp(ways + mode * Math.log(chance) + (trials - mode) * Math.log1p(-chance));
  const ratio = (count) => (odds * (trials - count + 1)) / count;
  return walked_quantile(probability, mode, trials, top, ratio);
}

// The number whose logarithm lies between `low` and `high` at which a rising function is
// `wanted`: Newton's steps, halving wherever they leave the bracket. `slope` is that over the
// logarithm.
function solved(low, high, wanted, rising, slope) {
  let y = (low + high) / 2;
  for (let round = 0; round < 400; round++) {
    const x = Math.exp(y);
    const away = rising(x) - wanted;
    if (away === 0) return x;
    if (away < 0) low = y;
    else high = y;
    const newton = y - away / slope(x);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - y) <= 2e-16 * Math.max(1, Math.abs(y)) || next === y) return Math.exp(next);
    y = next;
  }
  return Math.exp(y);
}

const LEAST_LOGARITHM = -745;

// x^a e^-x / gamma(a), without the loss that large powers would bring.
function gamma_weight(a, x) {
  if (a < 15) return Math.exp(a * Math.log(x) - x - log_gamma(a));
  const away = (x - a) / a;
  const power_part = a * (Math.log1p(away) - away);
  return Math.exp(power_part - stirling_rest(a)) * Math.sqrt(a / (2 * Math.PI));
}

// The regularized lower incomplete gamma function, by its series (DLMF 8.11.4).
function gamma_below(a, x) {
  if (x > a + 1) return 1 - gamma_above(a, x);
  let term = 1 / a;
  let total = term;
  for (let n = 1; total + term > total; n++) {
    term *= x / (a + n);
    total += term;
  }
  return total * gamma_weight(a, x);
}

// The upper one, by its continued fraction (DLMF 8.9.2, evaluated after Lentz).
function gamma_above(a, x) {
  if (x <= a + 1) return 1 - gamma_below(a, x);
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let found = d;
  for (let n = 1; n < 1e5; n++) {
    const part = -n * (n - a);
    b += 2;
    d = 1 / (part * d + b);
    c = b + part / c;
    found *= c * d;
    if (Math.abs(c * d - 1) < 2e-16) break;
  }
  return found * gamma_weight(a, x);
}

function gamma_quantile(probability, shape) {
  if (!(probability > 0 && probability < 1 && shape > 0 && shape < Infinity)) return NaN;
  const high = Math.log(shape + 40 * Math.sqrt(shape) + 800);
  const slope = (x) => gamma_weight(shape, x);
  if (probability <= 0.5) {
    return solved(LEAST_LOGARITHM, high, probability, (x) => gamma_below(shape, x), slope);
  }
  const falling = (x) => -gamma_above(shape, x);
  return solved(LEAST_LOGARITHM, high, probability - 1, falling, slope);
}

function log_beta(a, b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

// The regularized incomplete beta function, by its continued fraction (DLMF 8.17.22).
function beta_below(a, b, x) {
  if (x > (a + 1) / (a + b + 2)) return 1 - beta_below(b, a, 1 - x);
  const weight = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - log_beta(a, b)) / a;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let found = d;
  for (let n = 1; n < 1e5; n++) {
    const even = (n * (b - n) * x) / ((a + 2 * n - 1) * (a + 2 * n));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    found *= c * d;
    const odd = (-(a + n) * (a + b + n) * x) / ((a + 2 * n) * (a + 2 * n + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    found *= c * d;
    if (Math.abs(c * d - 1) < 2e-16) break;
  }
  return found * weight;
}

// The quantile lies in a half of the range: what is solved for is its distance to that end, so
// that one next to 1 loses no digits, and the small probability of one far off loses none either.
function beta_quantile(probability, alpha, beta) {
  const known = alpha > 0 && alpha < Infinity && beta > 0 && beta < Infinity;
  if (!(known && probability > 0 && probability < 1)) return NaN;
  const lower = beta_below(alpha, beta, 0.5) >= probability;
  const [a, b] = lower ? [alpha, beta] : [beta, alpha];
  const scale = log_beta(alpha, beta);
  const slope = (x) => Math.exp(a * Math.log(x) + (b - 1) * Math.log1p(-x) - scale);
  const half = Math.log(0.5);
  if (lower) {
    return solved(LEAST_LOGARITHM, half, probability, (x) => beta_below(alpha, beta, x), slope);
  }
  const rising = (x) => -beta_below(alpha, beta, 1 - x);
  return 1 - solved(LEAST_LOGARITHM, half, -probability, rising, slope);
}
