// Small charts in SVG. Colours come from the classes rp-s1 … rp-s6; every chart can be read as a table too.
import { el, table } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 420;
const HEIGHT = 300;
const EDGE = { left: 54, right: 12, top: 10, bottom: 40 };
const TABLE_ROWS = 21;
export const MOST_SERIES = 6;

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat().filter(Boolean));
  return node;
}

// A swatch in the colour of series `number` (from 0).
export const swatch = (number) => el("span", { class: `rp-swatch rp-s${number + 1}`, "aria-hidden": "true" });

// Lines over two axes. `x` and `y` are {label, min, max, format}; each of `series` is {name, points: [[x, y], …]},
// and may have `dots` (mark every point), `color` (its number) and `note(point)` (more words for the readout).
// The returned figure has point(x), which draws an upright line there and tells the values at it.
export function lineChart({ title, x, y, series, diagonal = false, empty = "Not defined on these rows." }) {
  const full = series.filter((one) => one.points.length);
  if (!full.length) return el("figure", { class: "rp-chart" }, el("figcaption", { text: title }), el("p", { class: "rp-fine", text: empty }));
  const across = (value) => EDGE.left + ((value - x.min) / (x.max - x.min || 1)) * (WIDTH - EDGE.left - EDGE.right);
  const up = (value) => HEIGHT - EDGE.bottom - ((value - y.min) / (y.max - y.min || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const line = svg("line", { class: "rp-cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
  const readout = el("p", { class: "rp-readout" });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${full.map((one) => one.name).join(", ")}` },
    axes(x, y, across, up),
    diagonal ? svg("line", { class: "rp-diagonal", x1: across(x.min), y1: up(y.min), x2: across(x.max), y2: up(y.max) }) : null,
    ...full.map((one, number) => path(one, number, across, up)),
    line,
  );
  const tell = (value) => {
    line.setAttribute("x1", across(value));
    line.setAttribute("x2", across(value));
    line.setAttribute("visibility", "visible");
    readout.replaceChildren(
      el("span", { text: `${x.label} ${x.format(value)}` }),
      ...full.map((one, number) => {
        const point = nearest(one.points, value);
        const words = `${y.format(point[1])}${one.note ? ` ${one.note(point)}` : ""}`;
        return el("span", {}, swatch(one.color ?? number), full.length > 1 ? `${one.name} ${words}` : words);
      }),
    );
  };
  const rest = () => {
    line.setAttribute("visibility", "hidden");
    readout.replaceChildren(...full.map((one, number) => el("span", {}, swatch(one.color ?? number), one.name)));
  };
  const figure = el("figure", { class: "rp-chart" }, el("figcaption", { text: title }), drawing, readout, asTable(x, y, full));
  const pointed = { value: null };
  const back = () => (pointed.value === null ? rest() : tell(pointed.value));
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width) * WIDTH;
    const value = x.min + ((share - EDGE.left) / (WIDTH - EDGE.left - EDGE.right)) * (x.max - x.min);
    tell(Math.min(x.max, Math.max(x.min, value)));
  });
  drawing.addEventListener("pointerleave", back);
  figure.point = (value) => {
    pointed.value = value;
    back();
  };
  rest();
  return figure;
}

// A two by two table of counts, each shaded by its share.
export function confusion({ tn, fp, fn, tp }, name, number) {
  const all = tn + fp + fn + tp || 1;
  const cell = (count, good, words) =>
    el(
      "td",
      { class: good ? "rp-good" : "rp-bad", style: `--share: ${Math.round((count / all) * 100)}%` },
      el("strong", { text: count.toLocaleString("en") }),
      el("span", { text: words }),
    );
  const head = (text, scope) => el("th", { scope, text });
  return el(
    "table",
    { class: "rp-confusion" },
    el("caption", {}, swatch(number), name),
    el("thead", {}, el("tr", {}, el("td"), head("shown as same", "col"), head("not shown", "col"))),
    el(
      "tbody",
      {},
      el("tr", {}, head("same", "row"), cell(tp, true, "right match"), cell(fn, false, "missed match")),
      el("tr", {}, head("different", "row"), cell(fp, false, "false match"), cell(tn, true, "rightly left out")),
    ),
  );
}

export const unit = (label) => ({ label, min: 0, max: 1, format: (value) => value.toFixed(2) });

// An axis that begins at 0 and ends on a round number at or above what the points need.
export function reaching(label, values, format) {
  const most = Math.max(...values, 0);
  const step = 10 ** Math.floor(Math.log10(most || 1));
  const max = [1, 2, 3, 4, 5, 6, 8, 10].map((times) => times * step).find((end) => end >= most) ?? most;
  return { label, min: 0, max, format };
}

function axes(x, y, across, up) {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const at = (axis, share) => axis.min + share * (axis.max - axis.min);
  const middle = (EDGE.top + HEIGHT - EDGE.bottom) / 2;
  return svg(
    "g",
    { class: "rp-axes", "aria-hidden": "true" },
    ticks.map((share) => {
      const height = up(at(y, share));
      return svg("g", {}, svg("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: height, y2: height }), label(y.format(at(y, share)), EDGE.left - 6, height + 4, "end"));
    }),
    ticks.map((share) => label(x.format(at(x, share)), across(at(x, share)), HEIGHT - EDGE.bottom + 16, share === 1 ? "end" : "middle")),
    label(x.label, (EDGE.left + WIDTH - EDGE.right) / 2, HEIGHT - 6, "middle"),
    label(y.label, 12, middle, "middle", `rotate(-90 12 ${middle})`),
  );
}

function label(text, x, y, anchor, transform = null) {
  const node = svg("text", { x, y, "text-anchor": anchor, transform });
  node.textContent = text;
  return node;
}

function path({ points, dots, color }, number, across, up) {
  const places = points.map(([a, b]) => [across(a), up(b)]);
  return svg(
    "g",
    { class: `rp-s${(color ?? number) + 1}` },
    svg("polyline", { points: places.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ") }),
    dots ? places.map(([a, b]) => svg("circle", { cx: a, cy: b, r: 3.5 })) : null,
  );
}

function nearest(points, value) {
  return points.reduce((best, point) => (Math.abs(point[0] - value) < Math.abs(best[0] - value) ? point : best));
}

function asTable(x, y, series) {
  const rows = series.flatMap((one) => {
    const step = Math.max(1, Math.ceil(one.points.length / TABLE_ROWS));
    return one.points.filter((_, place) => place % step === 0 || place === one.points.length - 1).map((point) => [one.name, ...point]);
  });
  const row = ([name, a, b]) => el("tr", {}, el("td", { text: name }), el("td", { class: "rp-number", text: x.format(a) }), el("td", { class: "rp-number", text: y.format(b) }));
  const body = () => table(["Line", x.label, y.label], el("tbody", {}, rows.map(row)));
  const details = el("details", { class: "rp-as-table" }, el("summary", { text: "As a table" }));
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(body()));
  return details;
}
