// What the reader has set: a preset and the levers moved. Each step can be undone; the address
// holds what was changed and nothing else.

const PINS = 5;

function makeStore(moved, changed) {
  let now = { preset: 0, values: {} };
  let kept = now;
  let past = [];
  let future = [];
  let last = { lever: null, time: 0 };
  const pins = [];

  function settled(state) {
    const values = {};
    for (const lever of moved(state.preset, state.values)) values[lever] = state.values[lever];
    return { preset: state.preset, values };
  }

  function same(a, b) { return JSON.stringify(settled(a)) === JSON.stringify(settled(b)); }

  // A state shown while a drag lasts; `commit` makes a step of it.
  function show(state) {
    now = state;
    changed();
  }

  // Key presses on one lever within a second are one step, as one drag is.
  function commit(lever = null) {
    now = settled(now);
    if (same(now, kept)) return;
    const time = performance.now();
    const joins = lever !== null && last.lever === lever && time - last.time < 1000 && past.length > 0;
    if (!joins) past.push(kept);
    last = { lever, time };
    future = [];
    kept = now;
    write();
    changed();
  }

  function go(from, to) {
    if (!from.length) return;
    to.push(kept);
    now = kept = from.pop();
    last = { lever: null, time: 0 };
    write();
    changed();
  }

  function write() {
    const parts = [];
    if (now.preset !== 0) parts.push(`preset=${encodeURIComponent(data.presets[now.preset].name)}`);
    for (const lever of moved(now.preset, now.values)) {
      parts.push(`${encodeURIComponent(data.levers[lever].name)}=${exact(now.values[lever])}`);
    }
    const address = parts.length ? `#${parts.join("&")}` : location.pathname + location.search;
    history.replaceState(null, "", address);
  }

  // The state that an address says; names and numbers that mean nothing are passed over.
  function read() {
    const state = { preset: 0, values: {} };
    const pairs = location.hash.slice(1).split("&").map((part) => {
      const cut = part.lastIndexOf("=");
      try {
        return [decodeURIComponent(part.slice(0, cut)), decodeURIComponent(part.slice(cut + 1))];
      } catch {
        return ["", ""];
      }
    });
    for (const [name, text] of pairs) {
      const preset = data.presets.findIndex((each) => each.name === text);
      const lever = data.levers.findIndex((each) => each.name === name);
      const value = Number(text);
      if (name === "preset" && preset >= 0 && lever < 0) state.preset = preset;
      else if (lever >= 0 && text !== "" && Number.isFinite(value)) {
        const { low, high } = data.levers[lever];
        state.values[lever] = Math.min(high, Math.max(low, value));
      }
    }
    return settled(state);
  }

  function start() {
    now = kept = read();
    addEventListener("hashchange", () => {
      const wanted = read();
      if (same(wanted, now)) return;
      past.push(kept);
      future = [];
      now = kept = wanted;
      changed();
    });
  }

  return {
    get now() { return now; },
    get undoable() { return past.length > 0; },
    get redoable() { return future.length > 0; },
    get steps() { return past.length; },
    pins, show, commit, start, read,
    undo: () => go(past, future),
    redo: () => go(future, past),
    set(state) {
      now = state;
      commit();
    },
  };
}
