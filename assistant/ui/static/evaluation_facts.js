// Where a report comes from and what it measured, in words.
import { count, figure, momentOf, short } from "./evaluation_words.js";
import { LANGUAGES } from "./wording.js";

/** @import { AtThreshold, Detail, Report } from "./evaluation_records.js" */
/** @import { Language } from "./records.js" */

/** @type {Record<string, string>} */
const REASONS = {
  agrees_with_verdict: "argue for the verdict",
  agrees_with_label: "argue for the label",
  quoted_words_found: "of the quoted words are in the questions",
  repetitive: "repeat themselves",
  in_language: "are in the question's language",
};

/**
 * By name; null where a report says nothing of it.
 * @param {Report} report
 * @returns {Record<string, string | null | undefined>}
 */
export function factsOf(report) {
  const { model, data, leaks, detail } = report;
  const left = leaks.dropped.length;
  const digest = data.sha256 ? ` (${data.sha256.slice(0, 8)})` : "";
  return {
    System: report.system,
    Version: model.version && short(model.version),
    Name: model.name,
    Stage: model.stage,
    Base: model.base,
    Device: model.device,
    Data: `${data.name}, ${count(data.rows)} rows${digest}`,
    "Left out": left ? `${count(left)} rows that equal training rows or share a question with one` : null,
    Threshold: report.task === "question-similarity" ? figure(report.threshold) : null,
    Measured: report.created ? momentOf(report.created) : null,
    Code: short(report.commit),
    Cost: numbers(report.cost),
    "In the app": shownByTheApp(detail.app ?? {}),
    Reasons: detail.reasons ? reasonShares(detail.reasons) : null,
    Packages: Object.entries(report.packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  };
}

/**
 * Costs by name; the name says the unit.
 * @param {Record<string, unknown>} named
 */
export function numbers(named) {
  const found = Object.entries(named).flatMap(([name, value]) =>
    typeof value === "number" ? [`${name.replace(/_bytes$/, "").replaceAll("_", " ")} ${amount(name, value)}`] : [],
  );
  return found.join(", ");
}

/**
 * @param {string} name
 * @param {number} value
 */
function amount(name, value) {
  if (name.endsWith("_bytes")) return `${(value / 2 ** 30).toFixed(2)} GiB`;
  return Number(value.toPrecision(4)).toLocaleString("en");
}

/**
 * What the app's own threshold does to these rows.
 * @param {NonNullable<Detail["app"]>} languages
 */
export function shownByTheApp(languages) {
  const entries = /** @type {[Language, AtThreshold][]} */ (Object.entries(languages));
  const said = entries.map(
    ([language, { threshold, precision, recall }]) =>
      `${LANGUAGES[language]}, shown at ${figure(threshold)} or above: ` +
      `precision ${figure(precision)}, recall ${figure(recall)}`,
  );
  return said.join("; ");
}

/** @param {Record<string, number>} found */
export function reasonShares(found) {
  const known = Object.entries(REASONS).filter(([name]) => typeof found[`written.${name}`] === "number");
  const shares = known.map(([name, said]) => `${Math.round(100 * found[`written.${name}`])} % ${said}`);
  return [`${count(found["shown.reasons"])} of ${count(found["written.reasons"])} shown`, ...shares].join(", ");
}
