// What a threshold shows and what it costs, counted in the browser while the slider moves.
import { confusion, lineChart, swatch, unit } from "./charts.js";
import { button, el, field, table } from "./dom.js";
import { count, figure, options, share, titleOf } from "./evaluation_words.js";

const WILSON = 1.96;
const DEFAULT_TARGET = 95;

export class Threshold {
  constructor(tab) {
    Object.assign(this, { tab, target: DEFAULT_TARGET, focus: null });
  }

  draw(place, reports) {
    const { language } = this.tab;
    this.lines = reports.map((report, color) => ({ report, color, curves: report.curves[language] })).filter((one) => one.curves);
    if (!this.lines.length) {
      place.replaceChildren(el("p", { class: "rp-fine", text: "These reports have no rows in this language." }));
      return;
    }
    // As many steps as the server counted.
    this.steps = this.lines[0].curves.true_matches.length - 1;
    this.slider = el("input", { type: "range", min: "0", max: String(this.steps), step: "1", class: "rp-slider", "aria-label": "Threshold on P(same)" });
    this.slider.addEventListener("input", () => this.move(Number(this.slider.value) / this.steps));
    this.value = el("output", { class: "rp-big" });
    this.wanted = el("input", { type: "number", class: "rp-input rp-short-input", min: "1", max: "100", step: "0.5", value: String(this.target) });
    this.wanted.addEventListener("input", () => {
      this.target = Number(this.wanted.value);
      this.aim();
    });
    this.now = el("tbody");
    this.aims = el("tbody");
    this.matrices = el("div", { class: "rp-matrices" });
    this.chart = el("div");
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("div", { class: "rp-slider-row" }, el("h3", { text: "Shown as the same from" }), this.value),
        this.slider,
        table(["", "Precision", "Recall", "Coverage", "Shown", "Wrong"], this.now),
        el("p", { class: "rp-fine", text: "Precision with its 95 % interval (Wilson). Coverage is the share of all pairs that is shown as the same." }),
      ),
      el("div", { class: "rp-two" }, el("section", { class: "rp-panel" }, el("h3", { text: "Confusion matrix" }), this.matrices), el("section", { class: "rp-panel" }, this.choice(), this.chart)),
      el(
        "section",
        { class: "rp-panel" },
        el("h3", { text: "Target precision" }),
        field("This share of the shown matches shall be right, in %", this.wanted),
        el("p", { class: "rp-fine", text: "The least threshold that reaches it, and what it costs:" }),
        table(["", "Threshold", "Precision", "Recall", "Coverage", ""], this.aims),
      ),
    );
    this.plot();
    this.aim();
    this.move(this.tab.threshold);
  }

  move(value) {
    const place = Math.round(value * this.steps);
    this.tab.threshold = place / this.steps;
    this.slider.value = String(place);
    this.slider.setAttribute("aria-valuetext", figure(this.tab.threshold));
    this.value.textContent = figure(this.tab.threshold);
    this.now.replaceChildren(
      ...this.lines.map(({ report, color, curves }) => {
        const at = measured(curves, place);
        const cells = [share(at.recall), share(at.coverage), count(at.shown), count(at.fp)];
        return el("tr", {}, named(report, color), el("td", { class: "rp-number" }, share(at.precision), el("small", { text: interval(at) })), cells.map((text) => el("td", { class: "rp-number", text })));
      }),
    );
    this.matrices.replaceChildren(...this.lines.map(({ report, color, curves }) => confusion(measured(curves, place), titleOf(report), color)));
    this.figure.point(this.tab.threshold);
  }

  choice() {
    if (this.lines.length === 1) return null;
    const words = Object.fromEntries(this.lines.map(({ report }) => [report.id, titleOf(report)]));
    if (!(this.focus in words)) this.focus = this.lines[0].report.id;
    return field("Chart of", options(words, this.focus, (id) => {
      this.focus = id;
      this.plot();
      this.figure.point(this.tab.threshold);
    }));
  }

  plot() {
    const { curves } = this.lines.find(({ report }) => report.id === this.focus) ?? this.lines[0];
    const all = Array.from({ length: this.steps + 1 }, (_, place) => [place / this.steps, measured(curves, place)]);
    const line = (name, key, color) => ({ name, color, points: all.filter(([, at]) => Number.isFinite(at[key])).map(([x, at]) => [x, at[key]]) });
    this.figure = lineChart({
      title: "At every threshold",
      x: unit("Threshold"),
      y: unit("Share"),
      series: [line("precision", "precision", 0), line("recall", "recall", 1), line("coverage", "coverage", 2)],
    });
    this.chart.replaceChildren(this.figure);
  }

  aim() {
    const wanted = this.target / 100;
    this.aims.replaceChildren(
      ...this.lines.map(({ report, color, curves }) => {
        const place = Array.from({ length: this.steps + 1 }, (_, step) => step).find((step) => measured(curves, step).precision >= wanted);
        const name = named(report, color);
        if (place === undefined) return el("tr", {}, name, el("td", { colspan: "5", text: `No threshold reaches ${this.target} % on these rows.` }));
        const at = measured(curves, place);
        const use = button("Show it", { class: "rp-quiet", onclick: () => this.move(place / this.steps) });
        const cells = [figure(place / this.steps), share(at.precision), share(at.recall), share(at.coverage)];
        return el("tr", {}, name, cells.map((text) => el("td", { class: "rp-number", text })), el("td", {}, use));
      }),
    );
  }
}

// Counts and shares at a step; a share without rows to count is NaN.
function measured({ true_matches, false_matches, same, different, unreadable }, step) {
  const [tp, fp] = [true_matches[step], false_matches[step]];
  const [fn, tn, shown] = [same - tp, different - fp, tp + fp];
  return { tp, fp, fn, tn, shown, precision: tp / shown, recall: tp / same, coverage: shown / (same + different + unreadable) };
}

// Wilson's score interval (1927) of the precision.
function interval({ tp, shown }) {
  if (!shown) return "";
  const rate = tp / shown;
  const spread = WILSON ** 2 / shown;
  const middle = (rate + spread / 2) / (1 + spread);
  const half = (WILSON / (1 + spread)) * Math.sqrt((rate * (1 - rate)) / shown + spread / (4 * shown));
  return `${((middle - half) * 100).toFixed(1)}–${((middle + half) * 100).toFixed(1)}`;
}

const named = (report, color) => el("th", { scope: "row", class: "rp-named" }, el("span", {}, swatch(color)), titleOf(report));
