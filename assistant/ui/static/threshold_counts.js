// What a threshold shows, counted from a report's curves.

/** @import { Curves } from "./evaluation_records.js" */

/**
 * Counts at one threshold, and shares of them; a share without rows to count is NaN.
 * @typedef {object} Counts
 * @property {number} tp
 * @property {number} fp
 * @property {number} fn
 * @property {number} tn
 * @property {number} shown
 * @property {number} precision
 * @property {number} recall
 * @property {number} coverage the share of all pairs that is shown as the same
 */

const WILSON = 1.96;

/**
 * How many steps lie between the thresholds 0 and 1.
 * @param {Curves} curves
 */
export const stepsOf = (curves) => curves.true_matches.length - 1;

/**
 * @param {Curves} curves
 * @param {number} step
 * @returns {Counts}
 */
export function countsAt({ true_matches, false_matches, same, different, unreadable }, step) {
  const [tp, fp] = [true_matches[step], false_matches[step]];
  const [fn, tn, shown] = [same - tp, different - fp, tp + fp];
  const all = same + different + unreadable;
  return { tp, fp, fn, tn, shown, precision: tp / shown, recall: tp / same, coverage: shown / all };
}

/**
 * The counts at every step.
 * @param {Curves} curves
 */
export function allCounts(curves) {
  return curves.true_matches.map((_, step) => countsAt(curves, step));
}

/**
 * The lowest step whose precision reaches `wanted`, in [0, 1]; -1 where none does.
 * @param {Curves} curves
 * @param {number} wanted
 */
export function lowestStep(curves, wanted) {
  return allCounts(curves).findIndex(({ precision }) => precision >= wanted);
}

/**
 * Wilson's score interval (1927) of the precision, in percent; empty where nothing is shown.
 * @param {Pick<Counts, "tp" | "shown">} counts
 */
export function precisionInterval({ tp, shown }) {
  if (!shown) return "";
  const rate = tp / shown;
  const spread = WILSON ** 2 / shown;
  const middle = (rate + spread / 2) / (1 + spread);
  const half = (WILSON / (1 + spread)) * Math.sqrt((rate * (1 - rate)) / shown + spread / (4 * shown));
  return `${((middle - half) * 100).toFixed(1)}–${((middle + half) * 100).toFixed(1)}`;
}
