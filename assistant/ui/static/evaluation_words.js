// How the Evaluation tab names tasks, measures, systems and dates.

/** @import { Model, Stage, Task } from "./evaluation_records.js" */

/** @type {Record<Task, string>} */
export const TASKS = { "question-similarity": "Same question?", "portuguese-qa": "Reading" };

/**
 * The one figure that a list of reports shows: its name, and how it is written.
 * @type {Record<Task, [name: string, words: string]>}
 */
export const HEADLINE = { "question-similarity": ["f1", "F1"], "portuguese-qa": ["exact_match", "exact"] };

/** @type {Record<Stage, string>} */
export const STAGES = {
  production: "in production",
  staging: "staging",
  candidate: "candidate",
  archived: "archived",
};

/**
 * In this order; a measure without a name here stands last, under its own.
 * @type {Record<string, string>}
 */
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

/** @type {Record<string, string>} */
const SYSTEMS = { judge: "Judge", adapter: "Adapter alone", reader: "Reader" };

/** @param {number | null | undefined} value */
export const figure = (value) => (typeof value === "number" ? value.toFixed(3) : "–");

/** @param {number} value a share in [0, 1], or NaN */
export const share = (value) => (Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : "–");

/** @param {number} value */
export const count = (value) => value.toLocaleString("en");

/** @param {string} digest */
export const short = (digest) => digest.slice(0, 12);

/** @typedef {{ system: string, model: Model }} Measured */

/**
 * A report's title says of leaks wherever it stands.
 * @param {Measured & { branded: boolean }} report
 */
export const titleOf = (report) => (report.branded ? `${nameOf(report)} (leaks)` : nameOf(report));

/** @param {Measured} report */
export function nameOf({ system, model }) {
  const name = SYSTEMS[system] ?? system;
  return model.version ? `${name} · ${model.version.slice(0, 8)}` : name;
}

/** @param {string} iso */
export function dateOf(iso) {
  if (!iso) return "no date";
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** @param {string} iso */
export function momentOf(iso) {
  const date = new Date(iso);
  return date.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/**
 * Single numbers of a nested object, each under its whole name; whole numbers are counts.
 * @param {object} metrics
 * @param {string} [before] what stands before every name
 * @returns {[name: string, words: string][]}
 */
export function flatMetrics(metrics, before = "") {
  return Object.entries(metrics).flatMap(([name, value]) => {
    const whole = `${before}${name.replaceAll("_", " ")}`;
    if (typeof value === "number") return [[whole, Number.isInteger(value) ? count(value) : figure(value)]];
    return value && typeof value === "object" && !Array.isArray(value) ? flatMetrics(value, `${whole} `) : [];
  });
}
