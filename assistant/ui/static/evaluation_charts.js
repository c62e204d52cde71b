// What the figures of reports look like: curves, outcomes, and the figures of each class.
import { unit } from "./axes.js";
import { lineChart, swatch } from "./charts.js";
import { el, table } from "./dom.js";
import { count, figure, titleOf } from "./evaluation_words.js";

/** @import { Series } from "./charts.js" */
/** @import { LanguageChoice } from "./evaluation.js" */
/** @import { ClassFigures, Outcomes, Report } from "./evaluation_records.js" */

/** @type {(keyof Outcomes)[]} */
const OUTCOMES = ["right", "partly right", "wrong", "missed"];

/** @type {(keyof ClassFigures)[]} */
const CLASS_FIGURES = ["precision", "recall", "f1-score", "support"];

/**
 * @param {Report[]} reports
 * @param {LanguageChoice} language
 */
export function charts(reports, language) {
  const lines = (
    /** @type {"roc" | "precision_recall" | "reliability"} */ key,
    /** @type {Partial<Series>} */ more = {},
  ) =>
    reports.flatMap((one, color) => {
      const curves = one.curves?.[language];
      return curves ? [{ name: titleOf(one), color, points: curves[key], ...more }] : [];
    });
  return el(
    "div",
    { class: "rp-charts" },
    lineChart({
      title: "ROC curve",
      x: unit("False match rate"),
      y: unit("Share of matches found"),
      series: lines("roc"),
      diagonal: true,
      empty: "Needs rows of both kinds.",
    }),
    lineChart({
      title: "Precision and recall",
      x: unit("Recall"),
      y: unit("Precision"),
      series: lines("precision_recall"),
      empty: "Needs a row that is the same.",
    }),
    lineChart({
      title: "Reliability",
      x: unit("Mean P(same)"),
      y: unit("Share that is the same"),
      series: lines("reliability", { dots: true, note: (point) => `(${count(point[2])} rows)` }),
      diagonal: true,
    }),
  );
}

/**
 * How many answers were right, as a bar for each report.
 * @param {Report[]} reports
 */
export function outcomes(reports) {
  const bar = (/** @type {Report} */ one, /** @type {number} */ number) => {
    const parts = OUTCOMES.map((name) => ({ name, rows: one.outcomes?.[name] ?? 0, css: name.replace(" ", "-") }));
    const all = parts.reduce((sum, { rows }) => sum + rows, 0) || 1;
    const pieces = parts.map(({ rows, css }) =>
      el("span", { class: `rp-part-${css}`, style: `width: ${(rows / all) * 100}%` }),
    );
    const legend = parts.map(({ name, rows, css }) => {
      const colour = el("span", { class: `rp-swatch rp-part-${css}`, "aria-hidden": "true" });
      return el("span", {}, colour, `${count(rows)} ${name}`);
    });
    return el(
      "div",
      { class: "rp-outcome" },
      el("p", {}, swatch(number), titleOf(one)),
      el("div", { class: "rp-stack", "aria-hidden": "true" }, pieces),
      el("p", { class: "rp-legend" }, legend),
    );
  };
  return el("section", { class: "rp-panel" }, el("h3", { text: "Answers" }), reports.map(bar));
}

/** @param {Record<string, ClassFigures | number>} report */
export function classes(report) {
  const rows = Object.entries(report).flatMap(([name, values]) => {
    if (typeof values === "number") return [];
    const cells = CLASS_FIGURES.map((column) => {
      const value = values[column];
      return el("td", { class: "rp-number", text: column === "support" ? count(value) : figure(value) });
    });
    return [el("tr", {}, el("th", { scope: "row", text: name }), cells)];
  });
  const body = table(["", ...CLASS_FIGURES], el("tbody", {}, rows));
  return el("details", { class: "rp-as-table" }, el("summary", { text: "By class" }), body);
}
