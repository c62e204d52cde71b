// What a move of a version is called, and what it does.

/** @import { Move } from "./evaluation_records.js" */

/** @type {Record<Move, string>} */
export const TITLES = {
  production: "Promote to production",
  staging: "Promote to staging",
  archive: "Archive",
  "roll back": "Roll back",
};

// assistant/serving/swap.py and choose.py do this.
const TAKEN_INTO_SERVICE =
  "The running app loads it and asks it its canary questions. If the answers are as expected, it serves agents from " +
  "then on; otherwise the version in use stays, and the page says why. On ZeroGPU it is used from the next start. An " +
  "adapter that the settings name stays in use.";

/** @type {Record<Move, string>} */
export const EFFECTS = {
  production: `${TAKEN_INTO_SERVICE} The version that is in production now is archived.`,
  staging: "It is marked for trial; the app does not use it. The version that is in staging now is archived.",
  archive:
    "It is no longer used. If it is in production, its task then has no version, and the running app keeps this one " +
    "until its next start.",
  "roll back": `The version that was in production before this one comes back. ${TAKEN_INTO_SERVICE}`,
};
