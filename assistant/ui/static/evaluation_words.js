// Names of measures and systems, and the small pieces that all views of the Evaluation tab are made of.
import { button, el } from "./dom.js";

export const TASKS = { "question-similarity": "Same question?", "portuguese-qa": "Reading" };
export const HEADLINE = { "question-similarity": ["f1", "F1"], "portuguese-qa": ["exact_match", "exact"] };

// In this order; a measure without a name here stands last, under its own.
export const MEASURES = {
  accuracy: "Accuracy",
  precision: "Precision",
  recall: "Recall",
  f1: "F1",
  roc_auc: "ROC AUC",
  average_precision: "Average precision",
  brier: "Brier score",
  ece: "Calibration error",
  exact_match: "Exact match",
  semantic_match: "Same meaning",
  refused: "“Not in the text”, rightly",
  missed: "“Not in the text”, wrongly",
  unreadable: "Unreadable replies",
};
// The smaller the better.
export const LOWER = new Set(["brier", "ece", "missed", "unreadable"]);

const SYSTEMS = { judge: "Judge", adapter: "Adapter alone", reader: "Reader" };

export const figure = (value) => (typeof value === "number" ? value.toFixed(3) : "–");
export const share = (value) => (Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : "–");
export const count = (value) => value.toLocaleString("en");

// A report's title says of leaks wherever it stands.
export const titleOf = (report) => (report.branded ? `${nameOf(report)} (leaks)` : nameOf(report));

export function nameOf({ system, model }) {
  const name = SYSTEMS[system] ?? system;
  return model.version ? `${name} · ${model.version.slice(0, 8)}` : name;
}

export function dateOf(iso) {
  return iso ? new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }) : "no date";
}

export function momentOf(iso) {
  return new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

export function leakWarning(report) {
  const words = `was measured in spite of leaks: ${count(report.leaks.rows.length)} of its rows equal training rows or hold a label. Its figures are too good.`;
  return el("p", { class: "rp-leaky", role: "alert" }, el("strong", { text: nameOf(report) }), words);
}

export function options(words, chosen, choose) {
  const select = el("select", { class: "rp-input" }, ...Object.entries(words).map(([value, text]) => el("option", { value, text })));
  select.value = chosen;
  select.addEventListener("change", () => choose(select.value));
  return select;
}

// Pages of rows that come from the server: `ask(offset)` resolves to {ok, total, offset, size, rows}, `draw` makes a node
// of a row. Resolves to the first reply.
export async function pages(place, ask, draw, none) {
  const turn = (place.turn = {});
  const at = async (offset) => {
    const found = await ask(offset);
    if (turn !== place.turn) return found;
    if (!found.ok) {
      place.replaceChildren(el("p", { class: "rp-error", role: "alert", text: found.error }));
      return found;
    }
    const turnTo = async (to) => {
      await at(to);
      place.scrollIntoView({ block: "start" });
    };
    const step = (label, to) => button(label, { disabled: to < 0 || to >= found.total, onclick: () => turnTo(to) });
    const { size } = found;
    const last = Math.min(found.offset + size, found.total);
    const pager = found.total > size ? el("div", { class: "rp-actions" }, step("Previous", found.offset - size), el("span", { class: "rp-fine", text: `${count(found.offset + 1)}–${count(last)} of ${count(found.total)}` }), step("Next", found.offset + size)) : null;
    place.replaceChildren(...(found.rows.length ? [el("ul", { class: "rp-rows" }, found.rows.map(draw)), pager].filter(Boolean) : [el("p", { class: "rp-fine", text: none })]));
    return found;
  };
  return at(0);
}
