// What a report got wrong, worst first.
import { el, field, show } from "./dom.js";
import { chip, options, Pages } from "./evaluation_parts.js";
import { elsewhere, isPair, isTextless, placeOf, reading, TEXTLESS, texts } from "./evaluation_rows.js";
import { count, figure, titleOf } from "./evaluation_words.js";

/** @import { Evaluation } from "./evaluation.js" */
/** @import { Mistake, MistakeKind, Report } from "./evaluation_records.js" */

export class Mistakes {
  // Made when the view is drawn.
  /** @type {HTMLElement} */
  kinds;
  /** @type {HTMLElement} */
  textless;
  /** @type {Pages<Mistake>} */
  list;

  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
    /** @type {MistakeKind | null} */
    this.kind = null;
    this.low = 0;
    this.high = 1;
    // The report that is looked at.
    this.focus = "";
  }

  /**
   * @param {HTMLElement} place
   * @param {Report[]} reports
   */
  async draw(place, reports) {
    const words = Object.fromEntries(reports.map((one) => [one.id, titleOf(one)]));
    if (!(this.focus in words)) this.focus = reports[0].id;
    this.kinds = el("div", { class: "rp-actions", role: "group", "aria-label": "Kind of mistake" });
    this.textless = el("p", { class: "rp-fine", text: TEXTLESS, hidden: true });
    this.list = new Pages(entry, "No mistake of this kind.");
    const isPairs = this.tab.task === "question-similarity";
    const choose = (/** @type {string} */ id) => {
      this.focus = id;
      this.kind = null;
      this.draw(place, reports);
    };
    const threshold = figure(this.tab.threshold);
    const at = isPairs ? `A pair counts as the same at a P(same) of ${threshold} or more (set under Threshold). ` : "";
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el(
          "div",
          { class: "rp-filters" },
          field("Report", options(words, this.focus, choose)),
          this.range(isPairs ? "P(same) from" : "F1 from", "low"),
          this.range("to", "high"),
        ),
        this.kinds,
        el("p", { class: "rp-fine", text: `${at}The worst mistakes come first.` }),
        this.textless,
      ),
      this.list.root,
    );
    await this.fill();
  }

  /**
   * @param {string} name
   * @param {"low" | "high"} key
   */
  range(name, key) {
    const input = el("input", {
      type: "number",
      class: "rp-input rp-short-input",
      min: "0",
      max: "1",
      step: "0.05",
      value: this[key],
    });
    input.addEventListener("change", () => {
      this[key] = Math.min(1, Math.max(0, Number(input.value)));
      input.value = String(this[key]);
      this.fill();
    });
    return field(name, input);
  }

  async fill() {
    const { low, high, kind } = this;
    const request = {
      id: this.focus,
      threshold: this.tab.threshold ?? 0,
      kind,
      language: this.tab.language === "all" ? null : this.tab.language,
      low,
      high,
    };
    const found = await this.list.show((offset) => this.tab.call("mistakes", { ...request, offset }));
    if (!found.ok) return;
    show(
      this.textless,
      found.rows.some(({ row }) => isTextless(row)),
    );
    const kinds = /** @type {[MistakeKind, number][]} */ (Object.entries(found.kinds));
    const all = kinds.reduce((sum, [, rows]) => sum + rows, 0);
    const choose = (/** @type {MistakeKind | null} */ wanted, /** @type {number} */ rows) =>
      chip(`${wanted ?? "all"} ${count(rows)}`, this.kind === wanted, () => {
        this.kind = wanted;
        this.fill();
      });
    this.kinds.replaceChildren(choose(null, all), ...kinds.map(([name, rows]) => choose(name, rows)));
  }
}

/** @param {Mistake} mistake */
function entry({ kind, score, row, differences }) {
  const measure = isPair(row) ? "P(same)" : "F1";
  const known = score === null ? null : el("span", { class: "rp-number", text: `${measure} ${figure(score)}` });
  const head = el("p", { class: "rp-row-head" }, el("span", { class: "rp-badge", text: kind }), known, placeOf(row));
  const answer = kind === "found elsewhere" ? elsewhere(row) : reading(row);
  return el("li", { class: "rp-row" }, head, texts(row, differences), answer);
}
