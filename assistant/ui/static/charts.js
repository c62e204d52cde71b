// Line charts in SVG. Colours come from the classes rp-s1 … rp-s6; every chart can be read as a table too.
import { nearest, onto, thinned, valueAt } from "./axes.js";
import { el, svg, table } from "./dom.js";

/** @import { Axis } from "./axes.js" */
/** @import { Point } from "./evaluation_records.js" */

/**
 * `dots` marks every point, `color` is the number of its colour (its place by default), and `note` adds words to the
 * readout. The readout of an x that is further than `reach` from every point says that there is no value.
 * @typedef {object} Series
 * @property {string} name
 * @property {Point[]} points
 * @property {boolean} [dots]
 * @property {number} [color]
 * @property {(point: Point) => string} [note]
 * @property {number} [reach]
 */

/**
 * @typedef {object} Drawn
 * @property {string} title
 * @property {Axis} x
 * @property {Axis} y
 * @property {Series[]} series
 * @property {boolean} [diagonal] whether to draw the line y = x
 * @property {string} [empty] said where there is no point
 */

/** `point` draws an upright line at an x and tells the values there. @typedef {(x: number) => void} PointAt */
/** @typedef {HTMLElement & { point: PointAt }} Chart */
/** @typedef {(value: number) => number} Scale */

const WIDTH = 420;
const HEIGHT = 300;
const EDGE = { left: 54, right: 12, top: 10, bottom: 40 };
const RIGHT = WIDTH - EDGE.right;
const FOOT = HEIGHT - EDGE.bottom;
const TABLE_ROWS = 21;
export const MOST_SERIES = 6;

/**
 * A swatch in the colour of series `number` (from 0).
 * @param {number} number
 */
export const swatch = (number) => el("span", { class: `rp-swatch rp-s${number + 1}`, "aria-hidden": "true" });

/**
 * Lines over two axes.
 * @param {Drawn} drawn
 * @returns {Chart}
 */
export function lineChart({ title, x, y, series, diagonal = false, empty = "Not defined on these rows." }) {
  const full = series.filter((one) => one.points.length).map((one, number) => ({ ...one, color: one.color ?? number }));
  if (!full.length) {
    const said = el("p", { class: "rp-fine", text: empty });
    const figure = el("figure", { class: "rp-chart" }, el("figcaption", { text: title }), said);
    return Object.assign(figure, { point: () => {} });
  }
  const across = onto(x, EDGE.left, RIGHT);
  const up = onto(y, FOOT, EDGE.top);
  const line = svg("line", { class: "rp-cursor", y1: EDGE.top, y2: FOOT, visibility: "hidden" });
  const readout = el("p", { class: "rp-readout" });
  const [left, right] = [x.min, x.max].map(across);
  const names = full.map((one) => one.name).join(", ");
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${names}` },
    axes(x, y, across, up),
    diagonal ? svg("line", { class: "rp-diagonal", x1: left, y1: up(y.min), x2: right, y2: up(y.max) }) : null,
    full.map((one) => path(one, across, up)),
    line,
  );
  const tell = (/** @type {number} */ value) => {
    line.setAttribute("x1", String(across(value)));
    line.setAttribute("x2", String(across(value)));
    line.setAttribute("visibility", "visible");
    readout.replaceChildren(
      el("span", { text: `${x.label} ${x.format(value)}` }),
      ...full.map((one) => {
        const point = nearest(one.points, value);
        const isNear = Math.abs(point[0] - value) <= (one.reach ?? Number.POSITIVE_INFINITY);
        const words = isNear ? `${y.format(point[1])}${one.note ? ` ${one.note(point)}` : ""}` : "–";
        return el("span", {}, swatch(one.color), full.length > 1 ? `${one.name} ${words}` : words);
      }),
    );
  };
  const rest = () => {
    line.setAttribute("visibility", "hidden");
    readout.replaceChildren(...full.map((one) => el("span", {}, swatch(one.color), one.name)));
  };
  /** @type {number | null} */
  let pointed = null;
  const back = () => (pointed === null ? rest() : tell(pointed));
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    tell(valueAt(x, EDGE.left, RIGHT, ((event.clientX - box.left) / box.width) * WIDTH));
  });
  drawing.addEventListener("pointerleave", back);
  rest();
  const caption = el("figcaption", { text: title });
  const figure = el("figure", { class: "rp-chart" }, caption, drawing, readout, asTable(x, y, full));
  return Object.assign(figure, {
    point: (/** @type {number} */ value) => {
      pointed = value;
      back();
    },
  });
}

/**
 * @param {Axis} x
 * @param {Axis} y
 * @param {Scale} across
 * @param {Scale} up
 */
function axes(x, y, across, up) {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const at = (/** @type {Axis} */ axis, /** @type {number} */ share) => axis.min + share * (axis.max - axis.min);
  const middle = (EDGE.top + FOOT) / 2;
  return svg(
    "g",
    { class: "rp-axes", "aria-hidden": "true" },
    ticks.map((share) => {
      const height = up(at(y, share));
      const line = svg("line", { x1: EDGE.left, x2: RIGHT, y1: height, y2: height });
      return svg("g", {}, line, label(y.format(at(y, share)), EDGE.left - 6, height + 4, "end"));
    }),
    ticks.map((share) => {
      const anchor = share === 1 ? "end" : "middle";
      return label(x.format(at(x, share)), across(at(x, share)), FOOT + 16, anchor);
    }),
    label(x.label, (EDGE.left + RIGHT) / 2, HEIGHT - 6, "middle"),
    label(y.label, 12, middle, "middle", `rotate(-90 12 ${middle})`),
  );
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {string | null} [transform]
 */
function label(text, x, y, anchor, transform = null) {
  const node = svg("text", { x, y, "text-anchor": anchor, transform });
  node.textContent = text;
  return node;
}

/**
 * @param {Series & { color: number }} series
 * @param {Scale} across
 * @param {Scale} up
 */
function path({ points, dots, color }, across, up) {
  const places = points.map(([a, b]) => [across(a), up(b)]);
  const line = places.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ");
  return svg(
    "g",
    { class: `rp-s${color + 1}` },
    svg("polyline", { points: line }),
    dots ? places.map(([a, b]) => svg("circle", { cx: a, cy: b, r: 3.5 })) : null,
  );
}

/**
 * The table is made when it is opened.
 * @param {Axis} x
 * @param {Axis} y
 * @param {Series[]} series
 */
function asTable(x, y, series) {
  const number = (/** @type {string} */ text) => el("td", { class: "rp-number", text });
  const rows = () =>
    series.flatMap(({ name, points }) =>
      thinned(points, TABLE_ROWS).map(([a, b]) =>
        el("tr", {}, el("td", { text: name }), number(x.format(a)), number(y.format(b))),
      ),
    );
  const details = el("details", { class: "rp-as-table" }, el("summary", { text: "As a table" }));
  details.addEventListener("toggle", () => {
    const isMade = details.childElementCount > 1;
    if (details.open && !isMade) details.append(table(["Line", x.label, y.label], el("tbody", {}, rows())));
  });
  return details;
}
