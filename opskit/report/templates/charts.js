"use strict";
(() => {
  const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4]];
  const height = (data) => (data.unit.startsWith("/") ? 140 : 190);
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function amount(value, unit) {
    if (value === null || value === undefined) return "";
    const short = (number) => String(Number(number.toPrecision(3)));
    if (unit !== "s") return unit.startsWith("/") ? short(value) + unit : `${short(value)} ${unit}`;
    if (value >= 1 || value === 0) return `${short(value)} s`;
    return value >= 1e-3 ? `${short(value * 1e3)} ms` : `${short(value * 1e6)} µs`;
  }

  const colours = (series) => {
    const palette = style("--series").split(/\s+/);
    let next = 0;
    return series.map((one) => (one.mark === "plain" ? palette[next++ % palette.length] : style(`--${one.mark === "dim" ? "quiet" : one.mark}`)));
  };

  function shade(plot, spans) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const span of spans) {
      const left = plot.valToPos(span.start, "x", true);
      const right = plot.valToPos(span.end, "x", true);
      ctx.fillStyle = style(`--soft-${span.mark}`);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = style(`--edge-${span.mark}`);
      ctx.fillRect(left, bbox.top, 1, bbox.height);
    }
    ctx.restore();
  }

  // All logarithmic charts share one axis, so that they can be compared; it ends at whole powers of ten.
  function decades(all) {
    const values = all.flatMap((data) => (data.logarithmic ? data.series.flatMap((one) => one.values) : [])).filter((value) => value > 0);
    const [low, high] = values.length ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : [1e-3, 1];
    return [10 ** Math.floor(Math.log10(low)), 10 ** Math.max(Math.ceil(Math.log10(high)), Math.floor(Math.log10(low)) + 1)];
  }
  const wholeDecades = (plot, at) => at.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? value : null));

  function draw(holder, data, range) {
    const paint = colours(data.series);
    const ink = style("--quiet");
    const axis = { stroke: ink, font: "11px system-ui, sans-serif", grid: { stroke: style("--line"), width: 1 }, ticks: { show: false } };
    const stepped = data.unit.startsWith("/");
    const lines = [data.x, ...data.series.map((one) => one.values)];
    if (stepped && data.x.length) lines.forEach((line, number) => { lines[number] = [...line, number ? line.at(-1) : data.end]; });
    holder.replaceChildren();
    return new uPlot({
      width: holder.clientWidth,
      height: height(data),
      cursor: { sync: { key: "opskit" }, y: false, drag: { x: false, y: false } },
      scales: { x: { time: false, range: () => [data.start, data.end] }, y: data.logarithmic ? { distr: 3, range } : { range: (plot, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, size: 28, gap: 6, values: (plot, at) => at.map((value) => `${value} s`) },
        { ...axis, ...(data.logarithmic ? { filter: wholeDecades, grid: { ...axis.grid, filter: wholeDecades } } : {}), size: 52, gap: 4, values: (plot, at) => at.map((value) => (value === null ? "" : amount(value, data.unit))) },
      ],
      series: [
        { label: "at", value: (plot, value) => (value === null ? "" : `${value} s`) },
        ...data.series.map((one, number) => ({
          label: one.name,
          stroke: paint[number],
          width: one.mark === "dim" ? 1 : 1.5,
          dash: stepped ? [] : DASHES[number % DASHES.length],
          fill: stepped && one.mark !== "dim" ? style(`--soft-${one.mark}`) : undefined,
          paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
          spanGaps: true,
          points: { show: false },
          value: (plot, value) => amount(value, data.unit),
        })),
      ],
      hooks: { drawClear: [(plot) => shade(plot, data.spans)] },
    }, lines, holder);
  }

  const figures = [...document.querySelectorAll(".chart")].map((figure) => ({
    holder: figure.querySelector(".plot"),
    data: JSON.parse(figure.querySelector("script").textContent),
  }));
  const range = decades(figures.map(({ data }) => data));
  const charts = figures.map((one) => ({ ...one, plot: draw(one.holder, one.data, range) }));
  const redraw = () => charts.forEach((chart) => { chart.plot.destroy(); chart.plot = draw(chart.holder, chart.data, range); });
  const resize = () => charts.forEach(({ plot, holder, data }) => plot.setSize({ width: holder.clientWidth, height: height(data) }));

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
  addEventListener("resize", resize);
  const folded = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...folded()]; opened.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
