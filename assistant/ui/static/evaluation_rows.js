// How one row of a report is shown: its texts, what was answered, and what was expected.
import { el, marked } from "./dom.js";
import { figure } from "./evaluation_words.js";
import { wordPieces } from "./marks.js";
import { LANGUAGES, locale } from "./wording.js";

/** @import { PairRow, Row } from "./evaluation_records.js" */
/** @import { Differences } from "./records.js" */

export const TEXTLESS = "This report has no texts: measure on the same data here to see them.";

/**
 * @param {Row} row
 * @returns {row is PairRow}
 */
export const isPair = (row) => "probability" in row;

/** @param {Row} row */
export const isTextless = (row) => (isPair(row) ? row.question1 : row.question) === undefined;

/**
 * The number of a row, its language, and what a pair is labelled.
 * @param {Row} row
 */
export function placeOf(row) {
  const words = [`row ${row.row}`];
  if (isPair(row)) words.push(LANGUAGES[row.language], row.same ? "labelled same" : "labelled different");
  return el("span", { class: "rp-fine", text: words.join(" · ") });
}

/**
 * What the system answered.
 * @param {Row} row
 */
export function answered(row) {
  if (isPair(row)) return row.probability === null ? " unreadable " : ` P(same) ${figure(row.probability)} `;
  if (row.prediction === null) return " not in the text ";
  return isTextless(row) ? " an answer " : ` “${row.prediction}” `;
}

/**
 * The question or questions; pairs with the same words marked as on a card.
 * @param {Row} row
 * @param {Differences | null} differences
 */
export function texts(row, differences) {
  if (isTextless(row)) return null;
  if (!isPair(row)) return el("div", { class: "rp-questions", lang: "pt-BR" }, el("p", { text: row.question }));
  const { asked_only = [], past_only = [] } = differences ?? {};
  return el(
    "div",
    { class: "rp-questions", lang: locale(row.language) },
    el("p", {}, marked(wordPieces(row.question1 ?? "", asked_only))),
    el("p", {}, marked(wordPieces(row.question2 ?? "", past_only))),
  );
}

/**
 * A reading's answer, the expected one, and its text.
 * @param {Row} row
 */
export function reading(row) {
  if (isPair(row) || isTextless(row)) return null;
  const text = el("p", { class: "rp-answer", lang: "pt-BR", text: row.context });
  const context = el("details", { class: "rp-as-table" }, el("summary", { text: "The text" }), text);
  return el("div", {}, wrong("Answered", answered(row)), expected(row), row.context ? context : null);
}

/**
 * The question was also asked of a text that does not contain its answer.
 * @param {Row} row
 */
export function elsewhere(row) {
  if (isPair(row) || isTextless(row)) return null;
  return el("div", {}, wrong("From another text", ` “${row.elsewhere}”`), right("Expected", " not in the text"));
}

/**
 * @param {Row} row
 */
export function expected(row) {
  if (isPair(row) || isTextless(row)) return null;
  return right("Expected", row.answers.length ? ` “${row.answers.join("” or “")}”` : " not in the text");
}

/**
 * @param {string} name
 * @param {string} words
 */
const right = (name, words) => el("p", { class: "rp-answered rp-right" }, el("strong", { text: name }), words);

/**
 * @param {string} name
 * @param {string} words
 */
const wrong = (name, words) => el("p", { class: "rp-answered rp-wrong" }, el("strong", { text: name }), words);
