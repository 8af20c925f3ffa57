// Counter-based noise: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011), 32-bit words only.

function high_word(a, b) {
  const low = (a & 0xffff) * (b & 0xffff);
  const one = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const other = (a & 0xffff) * (b >>> 16) + (one & 0xffff);
  return (a >>> 16) * (b >>> 16) + Math.floor(one / 65536) + Math.floor(other / 65536);
}

// A number strictly between 0 and 1, one of 2^52 equally likely, of its coordinates alone.
function uniform(seed, run, site, element, step) {
  let c0 = site >>> 0;
  let c1 = element >>> 0;
  let c2 = step >>> 0;
  let c3 = 0;
  let k0 = seed >>> 0;
  let k1 = run >>> 0;
  for (let round = 0; round < 10; round++) {
    const first = high_word(0xd2511f53, c0);
    const first_low = Math.imul(0xd2511f53, c0) >>> 0;
    const second = high_word(0xcd9e8d57, c2);
    const second_low = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (second ^ c1 ^ k0) >>> 0;
    c1 = second_low;
    c2 = (first ^ c3 ^ k1) >>> 0;
    c3 = first_low;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return ((c0 >>> 6) * 67108864 + (c1 >>> 6) + 0.5) / 4503599627370496;
}

// The noise step counts on the grid of the model's declared dt, whatever the run's dt.
function step_number(time, start, declared_dt) {
  return Math.trunc((time - start) / declared_dt + 1e-6);
}
