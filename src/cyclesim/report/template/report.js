"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { charts, reasons, config } = JSON.parse(byId("payload").textContent);
  const places = [...document.querySelectorAll(".chart")];
  const reasonPlaces = [...document.querySelectorAll(".reason-chart")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const hidden = new Set();
  const PAGE_WIDTH = 660;
  const NARROW = 620;
  let printing = false;

  // The library is packed to halve the file; the policy lets it run by its hash alone.
  async function unpacked() {
    const bytes = Uint8Array.from(atob(byId("library").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function colours() {
    return dark.matches && !printing && !paper.matches
      ? { line: 1, ink: "#e8eaed", soft: "#a6adb5", grid: "#333941", paper: "#1c2026" }
      : { line: 0, ink: "#1d2126", soft: "#59616a", grid: "#e3e6ea", paper: "#ffffff" };
  }

  function annotation(fields) {
    return { showarrow: false, xref: "x", yref: "paper", ...fields };
  }

  function layoutOf(chart, width, look) {
    const labels = width < NARROW ? chart.labels.narrow : chart.labels.wide;
    const rows = labels.reduce((most, label) => Math.max(most, label.row + 1), 0);
    const layout = structuredClone(chart.layout);
    layout.margin.t = 12 + chart.row * rows;
    layout.height = chart.height + layout.margin.t + layout.margin.b;
    layout.width = printing ? PAGE_WIDTH : undefined;
    layout.autosize = !printing;
    layout.font.color = look.ink;
    layout.hoverlabel = { bgcolor: look.paper, bordercolor: look.grid, font: { color: look.ink } };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      Object.assign(axis, { gridcolor: look.grid, linecolor: look.soft, automargin: true });
    }
    // A phone has no room beside the axis: the heading above the chart names the unit.
    if (width < NARROW) layout.yaxis.title = { text: "" };
    layout.margin.l = width < NARROW ? 44 : 70;
    // Each line reaches up to its own label, through the rows of labels that stand right of it.
    (layout.shapes || []).forEach((shape, i) => {
      shape.line.color = look.soft;
      shape.y1 = 1 + (chart.row * labels[i].row + 10) / chart.height;
    });
    layout.annotations = [
      ...labels.map((label) => annotation({
        x: label.time, y: 1, xanchor: label.anchor, yanchor: "bottom",
        xshift: label.anchor === "left" ? 2 : -2,
        yshift: chart.row * label.row, text: escaped(label.text),
        font: { size: 11, color: look.soft },
      })),
      ...chart.ends.filter((end) => !hidden.has(end.scenario)).map((end) => annotation({
        x: 1, xref: "paper", xanchor: "left", xshift: 6, y: end.y, yref: "y",
        text: escaped(end.text),
        font: { size: 13, weight: 700, color: chart.lines[end.line][look.line] },
      })),
    ];
    return layout;
  }

  function escaped(text) {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  }

  function draw(place) {
    const chart = charts[Number(place.dataset.chart)];
    const look = colours();
    const width = printing ? PAGE_WIDTH : place.clientWidth;
    const data = chart.data.map((trace, i) => ({
      ...trace,
      visible: !hidden.has(chart.scenarios[i]),
      line: { ...trace.line, color: chart.lines[i][look.line] },
    }));
    place.querySelector(".waiting")?.remove();
    place.dataset.drawn = width < NARROW ? "narrow" : "wide";
    return Plotly.react(place, data, layoutOf(chart, width, look), config);
  }

  // The strip of leading loops: a name stands on its bar where there is room, else its letter.
  function drawReason(place) {
    const reason = reasons[Number(place.dataset.reason)];
    const look = colours();
    const width = printing ? PAGE_WIDTH : place.clientWidth;
    const layout = structuredClone(reason.layout);
    layout.width = printing ? PAGE_WIDTH : undefined;
    layout.autosize = !printing;
    layout.font.color = look.ink;
    layout.hoverlabel = { bgcolor: look.paper, bordercolor: look.grid, font: { color: look.ink } };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      Object.assign(axis, { gridcolor: look.grid, linecolor: look.soft, automargin: true });
    }
    if (width < NARROW) layout.yaxis.title = { text: "" };
    layout.margin.l = width < NARROW ? 44 : 70;
    const [begin, end] = layout.xaxis.range;
    const pixels = (width - layout.margin.l - layout.margin.r) / (end - begin);
    layout.annotations = reason.phases.filter((phase) => phase.text).map((phase) => {
      const room = (phase.end - phase.start) * pixels - 6;
      const fits = Math.floor(room / 6.6);
      const text = phase.text.length <= fits ? phase.text
        : fits > 12 ? `${phase.text.slice(0, fits - 1)}…` : fits > 1 ? phase.text[0] : "";
      return annotation({
        x: (phase.start + phase.end) / 2, y: 0.1, xanchor: "center", yanchor: "middle",
        text: escaped(text), font: { size: 12, color: look.ink },
      });
    });
    const data = reason.data.map((trace) => ({
      ...trace, line: { ...trace.line, color: reason.lines[look.line] },
    }));
    place.querySelector(".waiting")?.remove();
    place.dataset.drawn = width < NARROW ? "narrow" : "wide";
    return Plotly.react(place, data, layout, config);
  }

  const drawAll = () => Promise.all([...places.map(draw), ...reasonPlaces.map(drawReason)]);

  function toggle(scenario) {
    if (!hidden.delete(scenario)) hidden.add(scenario);
    for (const button of document.querySelectorAll(`[data-scenario="${scenario}"]`)) {
      button.setAttribute("aria-pressed", String(!hidden.has(scenario)));
    }
    drawAll();
  }

  function turn(on) {
    if (printing === on) return;
    printing = on;
    for (const details of document.querySelectorAll("details")) {
      if (on) details.dataset.before = details.open;
      details.open = on || details.dataset.before === "true";
    }
    if (window.Plotly) drawAll();
  }

  async function start() {
    addEventListener("beforeprint", () => turn(true));
    addEventListener("afterprint", () => turn(false));
    paper.addEventListener("change", () => turn(paper.matches));
    const script = document.createElement("script");
    script.textContent = await unpacked();
    document.head.append(script);
    await drawAll();
    dark.addEventListener("change", drawAll);
    new ResizeObserver(() => {
      for (const place of places) {
        const size = place.clientWidth < NARROW ? "narrow" : "wide";
        if (!printing && size !== place.dataset.drawn) draw(place);
      }
      for (const place of reasonPlaces) {
        const size = place.clientWidth < NARROW ? "narrow" : "wide";
        if (!printing && size !== place.dataset.drawn) drawReason(place);
      }
    }).observe(document.body);
    for (const button of document.querySelectorAll("[data-scenario]")) {
      button.addEventListener("click", () => toggle(Number(button.dataset.scenario)));
    }
    document.documentElement.dataset.ready = "true";
  }

  start();
})();
