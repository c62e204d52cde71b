// Building DOM from values. Text only ever becomes text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  up: "M7 10v11H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3Zm0 0 4-7a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7.4A2 2 0 0 1 17.8 21H7",
  down: "M17 14V3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-3Zm0 0-4 7a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.2-7.4A2 2 0 0 1 6.2 3H17",
  send: "M12 19V5m0 0-6 6m6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  plus: "M12 5v14M5 12h14",
};

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "rp-icon" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function button(label, attributes = {}, ...children) {
  const { class: extra = "", ...rest } = attributes;
  return el("button", { type: "button", class: `rp-button ${extra}`, ...rest }, ...children, label);
}

let fields = 0;

export function field(label, control) {
  control.id ||= `rp-field-${++fields}`;
  return el("div", { class: "rp-field" }, el("label", { for: control.id, text: label }), control);
}

// A table that scrolls sideways where it is too wide. A head is a text or a list of nodes, or "" over row heads.
export function table(heads, body, extra = "") {
  const head = (content) => (content ? el("th", { scope: "col" }, content) : el("td"));
  return el("div", { class: "rp-scroll" }, el("table", { class: `rp-table ${extra}` }, el("thead", {}, el("tr", {}, heads.map(head))), body));
}

export function show(node, visible) {
  node.hidden = !visible;
}

export const LANGUAGES = { en: "English", pt: "Portuguese" };
const LOCALES = { en: "en", pt: "pt-BR" };
export const locale = (language) => LOCALES[language] ?? null;

export const SIGNALS = {
  cosine: ["similarity", (value) => value.toFixed(2)],
  answer_cosine: ["similarity to the answer", (value) => value.toFixed(2)],
  label_logit: ["model", (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)}`],
  differing_share: ["differing words", percent],
  uncovered_share: ["words without an answer", percent],
};

export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 100)}%`;
}

export function shortDate(iso) {
  if (!iso) return null;
  const date = new Date(`${iso}T12:00:00`);
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

// `text` as nodes, with the given words (whole, in any case) in <mark>.
export function marked(text, words) {
  const wanted = new Set(words.map((word) => word.toLowerCase()));
  if (!wanted.size) return [text];
  return text.split(/([\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*)/u).map((piece) =>
    wanted.has(piece.toLowerCase()) ? el("mark", { text: piece }) : piece,
  );
}

// Calls `then` with every new value of a component, also one that was there before we looked.
export function follow({ props, watch }, then) {
  let seen = null;
  const look = () => {
    const value = props.value;
    if (value && typeof value === "object" && JSON.stringify(value) !== seen) {
      seen = JSON.stringify(value);
      then(value);
    }
  };
  watch("value", look);
  look();
}
