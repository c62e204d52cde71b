// What a run measures and how far it is, in words.
import { count } from "./evaluation_words.js";

/** @import { Asked, Run, RunState } from "./evaluation_records.js" */

/** @type {RunState[]} */
const ACTIVE = ["starting", "running", "stopping"];

/** @param {Run | null} run */
export const isActive = (run) => run !== null && ACTIVE.includes(run.state);

/**
 * A data set's name; "own:" stands before those that were placed in the data folder.
 * @param {string} data
 */
export const plainName = (data) => data.replace(/^own:/, "");

/**
 * What is measured, but for the version.
 * @param {Asked} asked
 */
export const rowsOf = ({ data, limit }) => plainName(data) + (limit === null ? "" : `, ${count(limit)} rows`);

/**
 * @param {Asked} one
 * @param {Asked} other
 */
export function isSame(one, other) {
  return (
    one.adapter === other.adapter &&
    one.data === other.data &&
    one.limit === other.limit &&
    one.drop_leaks === other.drop_leaks &&
    one.language === other.language
  );
}

/** @param {Run} run */
export function progressOf(run) {
  const rows = `${count(run.done)} of ${run.of === null ? "?" : count(run.of)}`;
  const isMeasured = run.done === run.of;
  /** @type {Record<RunState, string | null>} */
  const words = {
    starting: "Loading the model…",
    running: isMeasured ? "Rows done. Reasons, cost and the report follow…" : `${rows}${left(run.seconds_left)}`,
    stopping: "Stopping…",
    done: "Done. Its report is in the list.",
    stopped: `Stopped at ${rows}. The same run continues from there.`,
    failed: run.error,
  };
  return words[run.state];
}

/** @param {number | null} seconds */
function left(seconds) {
  if (seconds === null) return "";
  return seconds < 90
    ? `, about ${Math.max(1, Math.round(seconds))} s left`
    : `, about ${Math.round(seconds / 60)} min left`;
}
