import assert from "node:assert/strict";
import test from "node:test";
import { isActive, isSame, progressOf, rowsOf } from "../../assistant/ui/static/run_words.js";

/** @import { Run } from "../../assistant/ui/static/evaluation_records.js" */

/** @type {Run} */
const RUN = {
  adapter: "a".repeat(64),
  data: "own:pairs.csv",
  limit: 1000,
  drop_leaks: false,
  language: "en",
  state: "running",
  done: 10,
  of: 1000,
  seconds_left: 89,
  error: null,
};

test("what is measured", () => {
  assert.equal(rowsOf(RUN), "pairs.csv, 1,000 rows");
  assert.equal(rowsOf({ ...RUN, data: "shop-en", limit: null }), "shop-en");
});

test("how far a run is", () => {
  assert.equal(progressOf(RUN), "10 of 1,000, about 89 s left");
  assert.equal(progressOf({ ...RUN, seconds_left: 0.2 }), "10 of 1,000, about 1 s left");
  assert.equal(progressOf({ ...RUN, seconds_left: 150 }), "10 of 1,000, about 3 min left");
  assert.equal(progressOf({ ...RUN, seconds_left: null }), "10 of 1,000");
  assert.match(progressOf({ ...RUN, done: 1000 }) ?? "", /^Rows done/);
});

test("how a run ended", () => {
  assert.match(progressOf({ ...RUN, state: "stopped" }) ?? "", /^Stopped at 10 of 1,000\. .*continues/);
  assert.match(progressOf({ ...RUN, state: "stopped", done: 0, of: null }) ?? "", /^Stopped at 0 of \?\./);
  assert.equal(progressOf({ ...RUN, state: "failed", error: "No rows: give a file." }), "No rows: give a file.");
});

test("which runs go on, and which are the same", () => {
  assert.ok(isActive({ ...RUN, state: "stopping" }));
  assert.ok(!isActive({ ...RUN, state: "stopped" }));
  assert.ok(!isActive(null));
  const later = { ...RUN, done: 500 };
  assert.ok(isSame(RUN, later));
  for (const change of [{ limit: null }, { drop_leaks: true }, { data: "shop-en" }, { adapter: "b" }]) {
    assert.ok(!isSame(RUN, { ...RUN, ...change }));
  }
  assert.ok(!isSame(RUN, { ...RUN, language: "pt" }));
});
