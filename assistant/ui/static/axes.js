// The arithmetic of charts: axes, and the points on them.

/** @import { Point } from "./evaluation_records.js" */

/** @typedef {{ label: string, min: number, max: number, format: (value: number) => string }} Axis */

/**
 * An axis for shares, from 0 to 1.
 * @param {string} label
 * @returns {Axis}
 */
export const unit = (label) => ({ label, min: 0, max: 1, format: (value) => value.toFixed(2) });

/**
 * An axis that begins at 0 and ends on a round number at or above what the points need.
 * @param {string} label
 * @param {number[]} values
 * @param {(value: number) => string} format
 * @returns {Axis}
 */
export function reaching(label, values, format) {
  const most = Math.max(...values, 0);
  const step = 10 ** Math.floor(Math.log10(most || 1));
  const max = [1, 2, 3, 4, 5, 6, 8, 10].map((times) => times * step).find((end) => end >= most) ?? most;
  return { label, min: 0, max, format };
}

/**
 * Maps an axis onto the pixels from `begin` to `end`.
 * @param {Axis} axis
 * @param {number} begin
 * @param {number} end
 * @returns {(value: number) => number}
 */
export function onto(axis, begin, end) {
  return (value) => begin + ((value - axis.min) / (axis.max - axis.min || 1)) * (end - begin);
}

/**
 * The value at a pixel, within the axis.
 * @param {Axis} axis
 * @param {number} begin
 * @param {number} end
 * @param {number} pixel
 */
export function valueAt(axis, begin, end, pixel) {
  const value = axis.min + ((pixel - begin) / (end - begin)) * (axis.max - axis.min);
  return Math.min(axis.max, Math.max(axis.min, value));
}

/**
 * The point whose x is nearest to `value`.
 * @param {Point[]} points at least one
 * @param {number} value
 */
export function nearest(points, value) {
  return points.reduce((best, point) => (Math.abs(point[0] - value) < Math.abs(best[0] - value) ? point : best));
}

/**
 * At most `most` of the points and the last, evenly chosen, for a table.
 * @param {Point[]} points
 * @param {number} most
 */
export function thinned(points, most) {
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, place) => place % step === 0 || place === points.length - 1);
}
