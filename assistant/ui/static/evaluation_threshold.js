// What a threshold shows and what it costs, counted in the browser while the slider moves.
import { unit } from "./axes.js";
import { lineChart, swatch } from "./charts.js";
import { confusion } from "./confusion.js";
import { button, el, field, table } from "./dom.js";
import { options } from "./evaluation_parts.js";
import { count, figure, share, titleOf } from "./evaluation_words.js";
import { allCounts, countsAt, lowestStep, precisionInterval, stepsOf } from "./threshold_counts.js";

/** @import { Chart } from "./charts.js" */
/** @import { Evaluation } from "./evaluation.js" */
/** @import { Curves, Report } from "./evaluation_records.js" */

/** @typedef {{ report: Report, color: number, curves: Curves }} Line */

const DEFAULT_TARGET = 95;

export class Threshold {
  // Made when the view is drawn.
  /** @type {Line[]} */
  lines;
  /** @type {number} */
  steps;
  /** @type {HTMLInputElement} */
  slider;
  /** @type {Chart} */
  figure;

  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
    // In percent.
    this.target = DEFAULT_TARGET;
    /** @type {string | null} */
    this.focus = null;
    this.value = el("output", { class: "rp-big" });
    this.now = el("tbody");
    this.aims = el("tbody");
    this.matrices = el("div", { class: "rp-matrices" });
    this.chart = el("div");
  }

  /**
   * @param {HTMLElement} place
   * @param {Report[]} reports
   */
  async draw(place, reports) {
    const { language } = this.tab;
    this.lines = reports.flatMap((report, color) => {
      const curves = report.curves?.[language];
      return curves ? [{ report, color, curves }] : [];
    });
    if (!this.lines.length) {
      place.replaceChildren(el("p", { class: "rp-fine", text: "These reports have no rows in this language." }));
      return;
    }
    // As many steps as the server counted.
    this.steps = stepsOf(this.lines[0].curves);
    this.slider = el("input", {
      type: "range",
      min: "0",
      max: this.steps,
      step: "1",
      class: "rp-slider",
      "aria-label": "Threshold on P(same)",
    });
    this.slider.addEventListener("input", () => this.move(Number(this.slider.value) / this.steps));
    const heads = ["Precision", "Recall", "Coverage"];
    const about = "Precision with its 95 % interval (Wilson). Coverage is the share of all pairs shown as the same.";
    place.replaceChildren(
      panel(
        el("div", { class: "rp-slider-row" }, el("h3", { text: "Shown as the same at or above" }), this.value),
        this.slider,
        table(["", ...heads, "Shown", "Wrong"], this.now),
        el("p", { class: "rp-fine", text: about }),
      ),
      el(
        "div",
        { class: "rp-two" },
        panel(el("h3", { text: "Confusion matrix" }), this.matrices),
        panel(this.choice(), this.chart),
      ),
      panel(
        el("h3", { text: "Target precision" }),
        field("Share of the shown matches that must be right, in %", this.wanted()),
        el("p", { class: "rp-fine", text: "The lowest threshold that reaches it, and what it costs:" }),
        table(["", "Threshold", ...heads, ""], this.aims),
      ),
    );
    this.plot();
    this.aim();
    this.move(this.tab.threshold ?? 0);
  }

  wanted() {
    const input = el("input", {
      type: "number",
      class: "rp-input rp-short-input",
      min: "1",
      max: "100",
      step: "0.5",
      value: this.target,
    });
    input.addEventListener("input", () => {
      this.target = Number(input.value);
      this.aim();
    });
    return input;
  }

  /** @param {number} value */
  move(value) {
    const place = Math.round(value * this.steps);
    this.tab.threshold = place / this.steps;
    const words = figure(this.tab.threshold);
    this.slider.value = String(place);
    this.slider.setAttribute("aria-valuetext", words);
    this.value.textContent = words;
    const counted = this.lines.map((line) => ({ ...line, at: countsAt(line.curves, place) }));
    this.now.replaceChildren(
      ...counted.map(({ report, color, at }) => {
        const interval = el("small", { text: precisionInterval(at) });
        const cells = [share(at.recall), share(at.coverage), count(at.shown), count(at.fp)].map(numberCell);
        const precision = el("td", { class: "rp-number" }, share(at.precision), interval);
        return el("tr", {}, named(report, color), precision, cells);
      }),
    );
    this.matrices.replaceChildren(...counted.map(({ report, color, at }) => confusion(at, titleOf(report), color)));
    this.figure.point(this.tab.threshold);
  }

  choice() {
    if (this.lines.length === 1) return null;
    const words = Object.fromEntries(this.lines.map(({ report }) => [report.id, titleOf(report)]));
    if (this.focus === null || !(this.focus in words)) this.focus = this.lines[0].report.id;
    const choose = (/** @type {string} */ id) => {
      this.focus = id;
      this.plot();
      this.figure.point(this.tab.threshold ?? 0);
    };
    return field("Chart of", options(words, this.focus, choose));
  }

  plot() {
    const { curves } = this.lines.find(({ report }) => report.id === this.focus) ?? this.lines[0];
    const all = allCounts(curves);
    const line = (/** @type {"precision" | "recall" | "coverage"} */ name, /** @type {number} */ color) => {
      const points = all.map((at, step) => [step / this.steps, at[name]]);
      // Where nothing is shown there is no precision, and the nearest one would be wrong.
      return { name, color, points: points.filter(([, value]) => Number.isFinite(value)), reach: 1 / this.steps };
    };
    this.figure = lineChart({
      title: "At every threshold",
      x: unit("Threshold"),
      y: unit("Share"),
      series: [line("precision", 0), line("recall", 1), line("coverage", 2)],
    });
    this.chart.replaceChildren(this.figure);
  }

  aim() {
    this.aims.replaceChildren(
      ...this.lines.map(({ report, color, curves }) => {
        const place = lowestStep(curves, this.target / 100);
        const name = named(report, color);
        if (place < 0) {
          const text = `No threshold reaches ${this.target} % on these rows.`;
          return el("tr", {}, name, el("td", { colspan: "5", text }));
        }
        const at = countsAt(curves, place);
        const use = button("Show it", { class: "rp-quiet", onclick: () => this.move(place / this.steps) });
        const cells = [figure(place / this.steps), share(at.precision), share(at.recall), share(at.coverage)];
        return el("tr", {}, name, cells.map(numberCell), el("td", {}, use));
      }),
    );
  }
}

/** @param {(HTMLElement | null)[]} children */
const panel = (...children) => el("section", { class: "rp-panel" }, children);

/** @param {string} text */
const numberCell = (text) => el("td", { class: "rp-number", text });

/**
 * @param {Report} report
 * @param {number} color
 */
const named = (report, color) =>
  el("th", { scope: "row", class: "rp-named" }, el("span", {}, swatch(color)), titleOf(report));
