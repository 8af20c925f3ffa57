// Which variable left the numbers first, when, and from which inputs.

// A number with so many digits, as C's %g writes it.
function with_digits(value, digits) {
  if (!Number.isFinite(value)) return value !== value ? "nan" : value > 0 ? "inf" : "-inf";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const bare = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const size = Number(exponent);
  if (size >= -4 && size < digits) {
    const zero = value === 0 && Object.is(value, -0) ? "-" : "";
    return zero + bare(value.toFixed(Math.max(0, digits - 1 - size)));
  }
  const shown = String(Math.abs(size)).padStart(2, "0");
  return `${bare(mantissa)}e${size < 0 ? "-" : "+"}${shown}`;
}

// The sentence on a run whose stocks are numbers at `time` and not at `after`; `row` are the
// values of all variables at `time`.
function blamed(program, row, time, after) {
  const { names, rows, first_rows, watched, levels } = program;
  const values = (variable) => row.subarray(first_rows[variable], first_rows[variable + 1]);
  const finite = (variable) => values(variable).every(Number.isFinite);
  const units = program.time_units ? ` ${program.time_units}` : "";
  const moment = with_digits(time, 10);
  const worst = (variable) => {
    const place = values(variable).findIndex((value) => !Number.isFinite(value));
    const value = values(variable)[place];
    return [rows[first_rows[variable] + place], value !== value ? "NaN (not a number)" : "infinite"];
  };
  const listed = (needs) => {
    const shown = needs.map((need) => {
      const found = values(need);
      const ends = [found.reduce((a, b) => (b < a ? b : a)), found.reduce((a, b) => (b > a ? b : a))];
      const text = (found.length === 1 ? [found[0]] : ends).map((end) => with_digits(end, 6));
      return `'${names[need]}' = ${text.join(" to ")}`;
    });
    return shown.length ? shown.join(", ") : "the clock alone";
  };
  for (const [variable, ...needs] of watched) {
    if (!finite(variable) && needs.every(finite)) {
      const [name, word] = worst(variable);
      return `'${name}' became ${word} at time ${moment}${units}, from ${listed(needs)}`;
    }
  }
  for (const [level] of levels) {
    if (!finite(level)) {
      const [name, word] = worst(level);
      return `the initial value of '${name}' is ${word}`;
    }
  }
  for (const [level, ...flows] of levels) {
    if (flows.some((flow) => values(flow).some((value) => Math.abs(value) > 1e290))) {
      const grew = `the stock '${names[level]}' grew beyond the numbers after time ${moment}${units}`;
      return `${grew}, from ${listed(flows)}`;
    }
  }
  const until = with_digits(after, 10);
  return `a stock grew beyond the numbers between time ${moment} and ${until}${units}`;
}
