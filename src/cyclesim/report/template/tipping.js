"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { charts, config, map } = JSON.parse(byId("payload").textContent);
  const places = [...document.querySelectorAll(".chart")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");

  async function unpacked() {
    const bytes = Uint8Array.from(atob(byId("library").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function draw(place) {
    const chart = charts[Number(place.dataset.chart)];
    const onDark = dark.matches && !paper.matches;
    const layout = structuredClone(chart.layout);
    delete layout.template;
    layout.autosize = true;
    layout.font.color = onDark ? "#e8eaed" : "#1d2126";
    const grid = onDark ? "#333941" : "#e3e6ea";
    for (const axis of [layout.xaxis, layout.yaxis]) Object.assign(axis, { gridcolor: grid });
    const data = structuredClone(chart.data);
    if (onDark) {
      const lighter = { "#1d2126": "#e8eaed", "#59616a": "#a6adb5", "#b94a08": "#ff9350", "#007a58": "#35cda2", "#0068a8": "#5ab4ee",
        "#4a4a4a": "#c9cdd2", "#a3327a": "#ec93c6", "#806500": "#efc94c", "#5b4bb5": "#b3a6ff", "#237487": "#7fd6e8" };
      for (const part of [...data.flatMap((d) => [d.marker, d.line]), ...(layout.shapes || []).map((s) => s.line)]) {
        if (part && lighter[part.color]) part.color = lighter[part.color];
      }
    }
    place.querySelector(".waiting")?.remove();
    return Plotly.react(place, data, layout, config);
  }

  // The map shows every run over two numbers that the reader chooses.
  function mapped() {
    const chart = charts[Number(byId("map").dataset.chart)];
    const output = map.outputs[byId("map-output").value];
    const [x, y] = [byId("map-x"), byId("map-y")].map((chosen) => Number(chosen.value));
    chart.data = output.names.map((name, kind) => {
      const runs = output.kinds.flatMap((own, run) => (own === kind ? [run] : []));
      return {
        type: "scatter", mode: "markers", name, opacity: 0.75,
        x: runs.map((run) => map.numbers[x][run]), y: runs.map((run) => map.numbers[y][run]),
        marker: { color: output.colours[kind], symbol: output.signs[kind], size: 7 },
        hovertemplate: "%{x:.4~g}, %{y:.4~g}<extra>%{fullData.name}</extra>",
      };
    });
    chart.layout.xaxis.title.text = map.quantities[x].title;
    chart.layout.yaxis.title.text = map.quantities[y].title;
    const framed = output.regions.filter(({ limits }) => x in limits || y in limits);
    const ends = (limits, place) => {
      const [low, high] = limits[place] ?? [null, null];
      const all = map.numbers[place];
      return [low ?? Math.min(...all), high ?? Math.max(...all)];
    };
    chart.layout.shapes = framed.map(({ limits }) => {
      const [[x0, x1], [y0, y1]] = [ends(limits, x), ends(limits, y)];
      return { type: "rect", x0, x1, y0, y1, line: { color: "#1d2126", width: 2, dash: "dash" } };
    });
    chart.layout.annotations = framed.map(({ outcome, limits }) => ({
      text: outcome, x: ends(limits, x)[0], y: ends(limits, y)[1], xanchor: "left", yanchor: "bottom", showarrow: false,
    }));
  }

  function offered(select, names, chosen) {
    select.replaceChildren(...names.map((name, place) => new Option(name, place)));
    select.value = chosen;
  }

  function choices() {
    const output = byId("map-output");
    const [x, y] = [byId("map-x"), byId("map-y")];
    const names = map.quantities.map((each) => each.name);
    offered(output, map.outputs.map((each) => each.name), 0);
    const usual = () => {
      const [first, second] = map.outputs[output.value].pair;
      offered(x, names, first);
      offered(y, names, second);
    };
    const redraw = () => { mapped(); draw(byId("map")); };
    output.addEventListener("change", () => { usual(); redraw(); });
    for (const select of [x, y]) select.addEventListener("change", redraw);
    usual();
    mapped();
  }

  async function start() {
    if (map) choices();
    const script = document.createElement("script");
    script.textContent = await unpacked();
    document.head.append(script);
    await Promise.all(places.map(draw));
    dark.addEventListener("change", () => places.forEach(draw));
    paper.addEventListener("change", () => places.forEach(draw));
    document.documentElement.dataset.ready = "true";
  }

  start();
})();
