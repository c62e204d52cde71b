// How languages, shares, dates and the judge's signals are written.

/** @import { Fault, Label, Language, Match, Part, Signals } from "./records.js" */

/** @type {Record<Language, string>} */
export const LANGUAGES = { en: "English", pt: "Portuguese" };

/** @type {Record<Language, string>} */
const LOCALES = { en: "en", pt: "pt-BR" };

/** @type {Record<Label, string>} */
const LABELS = { same: "Same question", different: "Not the same", unjudged: "Not judged" };

/** @type {Record<Fault, string>} */
const FAULTS = {
  "contradicts the verdict": "argued against the verdict",
  "quotes words nobody wrote": "quoted words that nobody wrote",
  "ends inside a quotation": "stopped inside a quotation",
  "tells apart what is the same": "named a difference between two equal questions",
  "says of a question what it does not say": "claimed that a question says something it does not say",
  empty: "was empty",
};

/** @type {Record<keyof Signals, [name: string, write: (value: number) => string]>} */
const SIGNALS = {
  cosine: ["similarity", (value) => value.toFixed(2)],
  answer_cosine: ["similarity to the answer", (value) => value.toFixed(2)],
  label_logit: ["model", (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)}`],
  differing_share: ["differing words", (value) => percent(value)],
  uncovered_share: ["words without an answer", (value) => percent(value)],
};

/**
 * The value of an HTML `lang` attribute.
 * @param {Language} language
 */
export const locale = (language) => LOCALES[language];

/**
 * A share in [0, 1]; a dash where there is none.
 * @param {number | null | undefined} share
 */
export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 100)}%`;
}

/**
 * @param {string | null} iso a day, ISO 8601
 * @returns {string | null}
 */
export function shortDate(iso) {
  if (!iso) return null;
  const date = new Date(`${iso}T12:00:00`);
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/**
 * A card's headline. Of a question with an ambiguous result, the matches are only perhaps the same.
 * @param {Match} match
 * @param {Part} part
 */
export function verdictOf(match, part) {
  return part.ambiguous && part.matches.includes(match) ? "Perhaps the same" : LABELS[match.label];
}

/**
 * What the verdict rests on: those signals that the judge of this language uses.
 * @param {Signals} signals
 * @param {string[]} used
 */
export function signalsOf(signals, used) {
  const names = /** @type {(keyof Signals)[]} */ (Object.keys(SIGNALS)).filter((name) => used.includes(name));
  return names.flatMap((name) => {
    const [words, write] = SIGNALS[name];
    const value = signals[name];
    return value === null ? [] : [`${words} ${write(value)}`];
  });
}

/**
 * @param {string | null} text
 * @param {Fault | null} hidden
 */
export function reasonOf(text, hidden) {
  return hidden ? `Reason hidden: it ${FAULTS[hidden]}.` : text || "No reason given.";
}
