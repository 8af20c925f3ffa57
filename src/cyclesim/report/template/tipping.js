"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { charts, config } = JSON.parse(byId("payload").textContent);
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
      const lighter = { "#1d2126": "#e8eaed", "#59616a": "#a6adb5", "#b94a08": "#ff9350", "#007a58": "#35cda2", "#0068a8": "#5ab4ee" };
      for (const part of [...data.flatMap((d) => [d.marker, d.line]), ...(layout.shapes || []).map((s) => s.line)]) {
        if (part && lighter[part.color]) part.color = lighter[part.color];
      }
    }
    place.querySelector(".waiting")?.remove();
    return Plotly.react(place, data, layout, config);
  }

  async function start() {
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
