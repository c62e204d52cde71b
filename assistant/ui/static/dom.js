// Building DOM from values. Text only ever becomes text nodes, never markup.

/** @import { Piece } from "./marks.js" */

/** @typedef {Node | string | null | undefined} Child */
/** @typedef {string | number | boolean | null | undefined | ((event: any) => unknown)} Attribute */
/** @typedef {Record<string, Attribute>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  up:
    "M7 10v11H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3Zm0 0 4-7a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3" +
    "l-1.2 7.4A2 2 0 0 1 17.8 21H7",
  down:
    "M17 14V3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-3Zm0 0-4 7a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3" +
    "l1.2-7.4A2 2 0 0 1 6.2 3H17",
  send: "M12 19V5m0 0-6 6m6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  plus: "M12 5v14M5 12h14",
};

/**
 * An element. `text` is its text, `onclick` and the like are listeners; true is an attribute without a value, and null
 * or false leaves an attribute out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {(Child | Child[])[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice("on".length), value);
    else if (name === "text") node.textContent = String(value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "rp-icon" }, svg("path", { d: ICONS[name] }));
}

/**
 * An SVG element; null leaves an attribute or a child out.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | null>} [attributes]
 * @param {(Node | null | (Node | null)[])[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, String(value));
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

/**
 * @param {string} label
 * @param {Attributes} [attributes]
 * @param {Child[]} children stand before the label
 */
export function button(label, attributes = {}, ...children) {
  const { class: extra = "", ...rest } = attributes;
  return el("button", { type: "button", class: `rp-button ${extra}`, ...rest }, ...children, label);
}

let fields = 0;

/**
 * A control under its label.
 * @param {string} label
 * @param {HTMLElement} control
 */
export function field(label, control) {
  fields += 1;
  control.id ||= `rp-field-${fields}`;
  return el("div", { class: "rp-field" }, el("label", { for: control.id, text: label }), control);
}

/**
 * A table that scrolls sideways where it is too wide.
 * @param {(string | Child[])[]} heads "" stands over row heads
 * @param {HTMLElement} body
 * @param {string} [extra] a class
 */
export function table(heads, body, extra = "") {
  const head = (/** @type {string | Child[]} */ content) => (content ? el("th", { scope: "col" }, content) : el("td"));
  const top = el("thead", {}, el("tr", {}, heads.map(head)));
  return el("div", { class: "rp-scroll" }, el("table", { class: `rp-table ${extra}` }, top, body));
}

/**
 * A paragraph that screen readers read out at once.
 * @param {string} text
 */
export const problem = (text) => el("p", { class: "rp-error", role: "alert", text });

/**
 * A line that says what is being waited for.
 * @param {string} text
 */
export function waiting(text) {
  return el(
    "p",
    { class: "rp-state", role: "status" },
    el("span", { class: "rp-spinner", "aria-hidden": "true" }),
    text,
  );
}

/**
 * @param {HTMLElement} node
 * @param {boolean} visible
 */
export function show(node, visible) {
  node.hidden = !visible;
}

/**
 * Pieces of a text as nodes, the marked ones in <mark>.
 * @param {Piece[]} pieces
 * @returns {(string | HTMLElement)[]}
 */
export function marked(pieces) {
  return pieces.map(({ text, marked }) => (marked ? el("mark", { text }) : text));
}
