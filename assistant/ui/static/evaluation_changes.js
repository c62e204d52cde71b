// Which rows one report got right and another one wrong.
import { el, field, show } from "./dom.js";
import { chip, leakWarning, options, Pages } from "./evaluation_parts.js";
import { answered, expected, isTextless, placeOf, TEXTLESS, texts } from "./evaluation_rows.js";
import { count, titleOf } from "./evaluation_words.js";

/** @import { Evaluation } from "./evaluation.js" */
/** @import { Change, ChangesReply, Report, Row } from "./evaluation_records.js" */

export class Changes {
  // Made when the view is drawn.
  /** @type {HTMLElement} */
  summary;
  /** @type {HTMLElement} */
  warnings;
  /** @type {HTMLElement} */
  textless;
  /** @type {HTMLElement} */
  sides;
  /** @type {Pages<Change>} */
  list;

  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
    // The reports that are compared.
    this.before = "";
    this.after = "";
    this.improved = true;
  }

  /**
   * @param {HTMLElement} place
   * @param {Report[]} reports
   */
  async draw(place, reports) {
    const all = this.tab.shown();
    if (all.length < 2) {
      const text = "This needs two reports on the same data: measure another version or a baseline.";
      place.replaceChildren(el("p", { class: "rp-fine", text }));
      return;
    }
    const words = Object.fromEntries(all.map((one) => [one.id, titleOf(one)]));
    if (!(this.after in words)) this.after = reports[0].id;
    if (!(this.before in words) || this.before === this.after) {
      const other = [...reports, ...all].find((one) => one.id !== this.after);
      this.before = other?.id ?? "";
    }
    this.summary = el("p");
    this.warnings = el("div");
    this.textless = el("p", { class: "rp-fine", text: TEXTLESS, hidden: true });
    this.sides = el("div", { class: "rp-actions", role: "group", "aria-label": "Which rows" });
    this.list = new Pages(entry, "No such row.");
    const pick = (/** @type {"before" | "after"} */ key) =>
      options(words, this[key], (id) => {
        this[key] = id;
        this.fill();
      });
    const filters = [field("Before", pick("before")), field("After", pick("after"))];
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("div", { class: "rp-filters" }, filters),
        this.warnings,
        this.summary,
        this.sides,
        this.textless,
      ),
      this.list.root,
    );
    await this.fill();
  }

  async fill() {
    const { before, after, improved } = this;
    const compared = this.tab.shown().filter((one) => [before, after].includes(one.id));
    const leaky = compared.filter((one) => one.branded && !this.tab.chosen.includes(one.id));
    this.warnings.replaceChildren(...leaky.map(leakWarning));
    const found = await this.list.show((offset) => this.tab.call("changes", { before, after, improved, offset }));
    if (!found.ok) {
      this.summary.replaceChildren();
      this.sides.replaceChildren();
      return;
    }
    show(
      this.textless,
      found.rows.some((change) => isTextless(change.before) && isTextless(change.after)),
    );
    this.summary.textContent = summaryOf(found);
    const side = (/** @type {boolean} */ wanted, /** @type {string} */ label) =>
      chip(label, this.improved === wanted, () => {
        this.improved = wanted;
        this.fill();
      });
    this.sides.replaceChildren(side(true, `gained ${count(found.won)}`), side(false, `lost ${count(found.lost)}`));
  }
}

/** @param {Pick<ChangesReply, "rows_compared" | "won" | "lost" | "p_value">} found */
export function summaryOf({ rows_compared, won, lost, p_value }) {
  const chance = p_value < 0.05 ? "more than chance explains" : "no more than chance explains";
  const p = p_value < 0.001 ? "p < 0.001" : `p = ${p_value.toFixed(3)}`;
  const counts = `Of ${count(rows_compared)} common rows, ${count(won)} were gained and ${count(lost)} lost`;
  return `${counts}: ${chance} (McNemar's exact test, ${p}).`;
}

/** @param {Change} change */
function entry({ before, after, was_right, is_right, differences }) {
  return el(
    "li",
    { class: "rp-row" },
    el("p", { class: "rp-row-head" }, placeOf(after)),
    texts(isTextless(after) ? before : after, differences),
    side("Before", before, was_right),
    side("After", after, is_right),
    expected(after),
  );
}

/**
 * @param {string} name
 * @param {Row} row
 * @param {boolean} isRight
 */
function side(name, row, isRight) {
  const verdict = el("span", { class: "rp-fine", text: isRight ? "right" : "wrong" });
  const css = isRight ? "rp-answered rp-right" : "rp-answered rp-wrong";
  return el("p", { class: css }, el("strong", { text: name }), answered(row), verdict);
}
