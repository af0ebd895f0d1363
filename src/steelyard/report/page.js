"use strict";
// Draws each chart from the notation beside it, in the colours of page.css, and again when the
// colours or the width change.
(() => {
  const root = document.documentElement;
  const charts = [...document.querySelectorAll("[data-spec]")].map((element) => ({
    element,
    spec: document.getElementById(element.dataset.spec).textContent,
  }));
  // what all charts have in common, in Plotly's own notation
  const template = document.querySelector("[data-charts]")?.dataset.charts ?? "{}";
  const options = { displayModeBar: false, responsive: false, doubleClick: false };

  // "@name" stands for the custom property --name
  function coloured(text) {
    const palette = getComputedStyle(root);
    return JSON.parse(text, (_, value) =>
      typeof value === "string" && /^@[a-z-]+$/.test(value)
        ? palette.getPropertyValue("-" + value.replace("@", "-")).trim()
        : value,
    );
  }

  function draw({ element, spec }) {
    const { data, layout, labels } = coloured(spec);
    layout.template = coloured(template);
    layout.width = element.clientWidth;
    thinOut(layout.xaxis, layout.width);
    if (labels.length) {
      Plotly.react(element, data, layout, options);
      layout.annotations = placed(element, data, layout.shapes, labels);
    }
    Plotly.react(element, data, layout, options);
    element.dataset.width = layout.width;
  }

  // On a narrow screen a logarithmic axis keeps the powers of ten alone.
  function thinOut(axis, width) {
    if (axis.type !== "log" || axis.tickvals.length <= width / 64) return;
    const kept = axis.tickvals.map((value) => Number.isInteger(Math.log10(value)));
    if (kept.filter(Boolean).length < 2) return;
    axis.tickvals = axis.tickvals.filter((_, at) => kept[at]);
    axis.ticktext = axis.ticktext.filter((_, at) => kept[at]);
  }

  // Where labels stand beside their point, nearest first; the last ones need a line to it.
  const places = [];
  for (const [reach, line] of [
    [9, false],
    [26, true],
    [44, true],
    [62, true],
    [80, true],
    [100, true],
  ]) {
    for (const [x, y] of [
      [1, 0],
      [-1, 0],
      [0.7, -0.9],
      [0.7, 0.9],
      [-0.7, -0.9],
      [-0.7, 0.9],
      [0, -1],
      [0, 1],
    ]) {
      places.push({ x: x * reach, y: y * reach, line });
    }
  }

  // Puts each label at the first place where it covers no point, no interval and no other label.
  function placed(element, data, shapes, labels) {
    const { xaxis, yaxis } = element._fullLayout;
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = "12px system-ui, sans-serif";
    const taken = [];
    for (const trace of data) {
      trace.x.forEach((value, at) => {
        const x = xaxis.d2p(value);
        const y = yaxis.d2p(trace.y[at]);
        taken.push({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 });
        taken.push({
          left: x - 2,
          right: x + 2,
          top: yaxis.d2p(trace.y[at] + trace.error_y.array[at]),
          bottom: yaxis.d2p(trace.y[at] - trace.error_y.arrayminus[at]),
        });
      });
    }
    for (const line of shapes.filter(({ type }) => type === "line")) {
      const y = yaxis.d2p(line.y0);
      taken.push({ left: 0, right: xaxis._length, top: y - 1, bottom: y + 1 });
    }
    const notes = [];
    for (const label of [...labels].sort((a, b) => a.rank - b.rank)) {
      // an escaped sign is about as wide as a letter
      const width = pen.measureText(label.text.replace(/&[a-z0-9#]+;/g, "x")).width + 4;
      const x = xaxis.l2p(label.x);
      const y = yaxis.l2p(label.y);
      let best = null;
      for (const place of places.filter(({ line }) => !line || label.rank < 2)) {
        const box = boxed(x, y, width, place);
        const inside =
          box.left >= 0 && box.right <= xaxis._length && box.top >= 0 && box.bottom <= yaxis._length;
        const covered = inside ? taken.reduce((sum, other) => sum + overlap(box, other), 0) : Infinity;
        if (!best || covered < best.covered) best = { box, place, covered };
        if (covered === 0) break;
      }
      if (best.covered === 0 || (label.rank === 0 && best.covered < Infinity)) {
        taken.push(best.box);
        notes.push(note(label, x, y, best));
      }
    }
    return notes;
  }

  function boxed(x, y, width, place) {
    const height = 15;
    const left = place.x > 2 ? x + place.x : place.x < -2 ? x + place.x - width : x - width / 2;
    const top = place.y > 2 ? y + place.y : place.y < -2 ? y + place.y - height : y - height / 2;
    return { left, right: left + width, top, bottom: top + height };
  }

  function overlap(a, b) {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return width > 0 && height > 0 ? width * height : 0;
  }

  function note(label, x, y, { box, place }) {
    const palette = getComputedStyle(root);
    return {
      x: label.x,
      y: label.y,
      text: label.text,
      font: { size: 12, color: palette.getPropertyValue("--ink").trim() },
      showarrow: true,
      arrowhead: 0,
      arrowwidth: place.line ? 0.75 : 0.1,
      arrowcolor: palette.getPropertyValue(place.line ? "--quiet" : "--clear").trim(),
      standoff: 5,
      borderpad: 0,
      ax: (box.left + box.right) / 2 - x,
      ay: (box.top + box.bottom) / 2 - y,
    };
  }

  function drawAll() {
    charts.forEach(draw);
  }

  drawAll();

  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() =>
      charts.filter(({ element }) => element.dataset.width != element.clientWidth).forEach(draw),
    );
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

  // On paper: light, as wide as the sheet, every table open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => (details.open = true));
    root.classList.add("printing");
    drawAll();
  });
  addEventListener("afterprint", () => {
    closed.forEach((details) => (details.open = false));
    root.classList.remove("printing");
    drawAll();
  });
})();
