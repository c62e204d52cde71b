// Single rows: what went wrong, worst first, and what changed between two reports.
import { button, el, field, LANGUAGES, locale, marked, show } from "./dom.js";
import { count, figure, leakWarning, options, pages, titleOf } from "./evaluation_words.js";

const TEXTLESS = "This report carries no texts: measure on the same data here to see them.";

export class Mistakes {
  constructor(tab) {
    Object.assign(this, { tab, kind: null, low: 0, high: 1, focus: null });
  }

  async draw(place, reports) {
    const words = Object.fromEntries(reports.map((one) => [one.id, titleOf(one)]));
    if (!(this.focus in words)) this.focus = reports[0].id;
    this.report = reports.find((one) => one.id === this.focus);
    this.kinds = el("div", { class: "rp-actions", role: "group", "aria-label": "Kind of mistake" });
    this.list = el("div");
    this.textless = el("p", { class: "rp-fine", text: TEXTLESS, hidden: true });
    const range = (name, key) => {
      const input = el("input", { type: "number", class: "rp-input rp-short-input", min: "0", max: "1", step: "0.05", value: String(this[key]) });
      input.addEventListener("change", () => {
        this[key] = Math.min(1, Math.max(0, Number(input.value)));
        input.value = String(this[key]);
        this.fill();
      });
      return field(name, input);
    };
    const score = this.tab.task === "question-similarity" ? "P(same)" : "F1";
    const choose = (id) => {
      this.focus = id;
      this.kind = null;
      this.draw(place, reports);
    };
    const at = this.tab.task === "question-similarity" ? `A pair counts as the same from ${figure(this.tab.threshold)} on (set under Threshold). ` : "";
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("div", { class: "rp-filters" }, field("Report", options(words, this.focus, choose)), range(`${score} from`, "low"), range("to", "high")),
        this.kinds,
        el("p", { class: "rp-fine", text: `${at}The worst mistakes come first.` }),
        this.textless,
      ),
      this.list,
    );
    await this.fill();
  }

  async fill() {
    const { language, threshold } = this.tab;
    const request = { id: this.focus, threshold, kind: this.kind, language: language === "all" ? null : language, low: this.low, high: this.high };
    const found = await pages(this.list, (offset) => this.tab.call("mistakes", { ...request, offset }), (one) => this.entry(one), "No mistake of this kind.");
    if (!found.ok) return;
    show(this.textless, found.rows.some(({ row }) => isTextless(row)));
    const all = Object.values(found.kinds).reduce((sum, rows) => sum + rows, 0);
    const chip = (name, rows, kind) => chooser(this, "kind", kind, `${name} ${count(rows)}`);
    this.kinds.replaceChildren(chip("all", all, null), ...Object.entries(found.kinds).map(([name, rows]) => chip(name, rows, name)));
  }

  entry({ kind, score, row, differences }) {
    const known = score === null ? null : `${"probability" in row ? "P(same)" : "F1"} ${figure(score)}`;
    return el("li", { class: "rp-row" }, el("p", { class: "rp-row-head" }, el("span", { class: "rp-badge", text: kind }), known ? el("span", { class: "rp-number", text: known }) : null, place(row)), texts(row, differences), kind === "found elsewhere" ? elsewhere(row) : reading(row));
  }
}

export class Changes {
  constructor(tab) {
    Object.assign(this, { tab, before: null, after: null, improved: true });
  }

  async draw(place, reports) {
    const all = this.tab.shown();
    if (all.length < 2) {
      place.replaceChildren(el("p", { class: "rp-fine", text: "This needs two reports on the same data: measure another version or a baseline." }));
      return;
    }
    const words = Object.fromEntries(all.map((one) => [one.id, titleOf(one)]));
    if (!(this.after in words)) this.after = reports[0].id;
    if (!(this.before in words) || this.before === this.after) this.before = reports.find((one) => one.id !== this.after)?.id ?? all.find((one) => one.id !== this.after).id;
    this.summary = el("p");
    this.warnings = el("div");
    this.textless = el("p", { class: "rp-fine", text: TEXTLESS, hidden: true });
    this.sides = el("div", { class: "rp-actions", role: "group", "aria-label": "Which rows" });
    this.list = el("div");
    const pick = (key) => options(words, this[key], (id) => {
      this[key] = id;
      this.fill();
    });
    place.replaceChildren(
      el("section", { class: "rp-panel" }, el("div", { class: "rp-filters" }, field("Before", pick("before")), field("After", pick("after"))), this.warnings, this.summary, this.sides, this.textless),
      this.list,
    );
    await this.fill();
  }

  async fill() {
    const request = { before: this.before, after: this.after, improved: this.improved };
    const leaky = this.tab.shown().filter((one) => one.branded && [this.before, this.after].includes(one.id) && !this.tab.chosen.includes(one.id));
    this.warnings.replaceChildren(...leaky.map(leakWarning));
    const found = await pages(this.list, (offset) => this.tab.call("changes", { ...request, offset }), (one) => this.entry(one), "No such row.");
    if (!found.ok) {
      this.summary.replaceChildren();
      this.sides.replaceChildren();
      return;
    }
    show(this.textless, found.rows.some(({ before, after }) => isTextless(before) && isTextless(after)));
    const sure = found.p_value < 0.001 ? "p < 0.001" : `p = ${found.p_value.toFixed(3)}`;
    const verdict = found.p_value < 0.05 ? "more than chance explains" : "no more than chance explains";
    this.summary.textContent = `Of ${count(found.rows_compared)} common rows, ${count(found.won)} were gained and ${count(found.lost)} lost: ${verdict} (McNemar's exact test, ${sure}).`;
    this.sides.replaceChildren(chooser(this, "improved", true, `gained ${count(found.won)}`), chooser(this, "improved", false, `lost ${count(found.lost)}`));
  }

  entry({ before, after, was_right, is_right, differences }) {
    const line = (name, row, right) =>
      el("p", { class: right ? "rp-answered rp-right" : "rp-answered rp-wrong" }, el("strong", { text: name }), said(row), el("span", { class: "rp-fine", text: right ? "right" : "wrong" }));
    return el("li", { class: "rp-row" }, el("p", { class: "rp-row-head" }, place(after)), texts(isTextless(after) ? before : after, differences), line("Before", before, was_right), line("After", after, is_right), gold(after));
  }
}

// A button that sets `view[key]` to `value` and shows the rows that belong to it.
function chooser(view, key, value, label) {
  const choose = () => {
    view[key] = value;
    view.fill();
  };
  return button(label, { class: "rp-kind", "aria-pressed": String(view[key] === value), onclick: choose });
}

function place(row) {
  const words = [`row ${row.row}`, LANGUAGES[row.language], "same" in row ? `truly ${row.same ? "the same" : "different"}` : null];
  return el("span", { class: "rp-fine", text: words.filter(Boolean).join(" · ") });
}

function said(row) {
  if ("probability" in row) return row.probability === null ? " unreadable " : ` P(same) ${figure(row.probability)} `;
  if (row.prediction === null) return " not in the text ";
  return isTextless(row) ? " an answer " : ` “${row.prediction}” `;
}

const isTextless = (row) => row.question === undefined && row.question1 === undefined;

// Pairs with the same words marked as on a card.
function texts(row, differences) {
  if (differences) return el("div", { class: "rp-questions", lang: locale(row.language) }, el("p", {}, marked(row.question1, differences.asked_only)), el("p", {}, marked(row.question2, differences.past_only)));
  if (isTextless(row)) return null;
  return el("div", { class: "rp-questions", lang: "pt-BR" }, el("p", { text: row.question }));
}

function reading(row) {
  if ("probability" in row || isTextless(row)) return null;
  const context = row.context ? el("details", { class: "rp-as-table" }, el("summary", { text: "The text" }), el("p", { class: "rp-answer", lang: "pt-BR", text: row.context })) : null;
  return el("div", {}, el("p", { class: "rp-answered rp-wrong" }, el("strong", { text: "Answered" }), said(row)), gold(row), context);
}

// The question was also asked of a text that does not hold its answer.
function elsewhere(row) {
  if (isTextless(row)) return null;
  return el("div", {}, el("p", { class: "rp-answered rp-wrong" }, el("strong", { text: "From another text" }), ` “${row.elsewhere}”`), el("p", { class: "rp-answered rp-right" }, el("strong", { text: "Expected" }), " not in the text"));
}

function gold(row) {
  if ("probability" in row || isTextless(row)) return null;
  return el("p", { class: "rp-answered rp-right" }, el("strong", { text: "Expected" }), row.answers?.length ? ` “${row.answers.join("” or “")}”` : " not in the text");
}
