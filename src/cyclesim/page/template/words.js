// Numbers, times and elements of the page, as they are said and made.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

// A number with three digits, thousands apart by commas, as in the report.
function places(...values) {
  const largest = Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));
  return largest === 0 ? 0 : Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(largest) + 1e-9)));
}

function number(value, decimals = places(value)) {
  if (!Number.isFinite(value)) return "no number";
  if (value !== 0 && !(Math.abs(value) >= 1e-5 && Math.abs(value) < 1e12)) return value.toPrecision(3);
  const shown = value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return /^-[0.,]*$/.test(shown) ? shown.slice(1) : shown.replace("-", "\u2212");
}

// A lever's number, exact but for what rounding made.
function exact(value) { return String(parseFloat(value.toPrecision(12))); }

function grouped(value) {
  const [whole, rest] = exact(value).split(".");
  if (/e/.test(exact(value))) return exact(value);
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? thousands : `${thousands}.${rest}`;
}

function withUnit(text, units) { return units ? `${text} ${units}` : text; }

function moment(time) { return `${data.moment} ${parseFloat(time.toFixed(6))}`; }

function change(now, before) {
  const difference = now - before;
  const size = Math.max(Math.abs(now), Math.abs(before));
  if (!Number.isFinite(difference)) return "";
  if (difference === 0 || Math.abs(difference) < 0.002 * size) return "same";
  const sign = difference > 0 ? "+" : "\u2212";
  if (before !== 0 && before * now > 0 && Math.abs(difference) <= 9.9 * Math.abs(before)) {
    const cents = (100 * Math.abs(difference)) / Math.abs(before);
    return `${sign}${cents.toFixed(cents < 9.95 ? 1 : 0)} %`;
  }
  const large = Math.abs(difference) >= 1e7 && Math.abs(difference) < 1e12;
  return `${sign}${large ? `${number(Math.abs(difference) / 1e6)} M` : number(Math.abs(difference))}`;
}

// Whether a move is good for the organisation: 1, -1, or 0 where it is neither.
function goodness(output, difference, size) {
  if (output.good === "neither" || !(Math.abs(difference) >= 0.002 * size) || difference === 0) return 0;
  return difference > 0 === (output.good === "up") ? 1 : -1;
}

// An element with properties and children; text is only ever set as text.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function draw(tag, properties = {}, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function at(id) { return document.getElementById(id); }

const announce = (function () {
  let waiting;
  return function (text) {
    clearTimeout(waiting);
    waiting = setTimeout(() => { at("said").textContent = text; }, 350);
  };
})();
