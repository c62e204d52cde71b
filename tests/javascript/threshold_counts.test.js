import assert from "node:assert/strict";
import test from "node:test";
import {
  allCounts,
  countsAt,
  lowestStep,
  precisionInterval,
  stepsOf,
} from "../../assistant/ui/static/threshold_counts.js";

// P(same) of three pairs that are the same: 0.9, 0.6, 0.1; of two that are not: 0.7, 0.2; one was unreadable.
const curves = {
  roc: [],
  precision_recall: [],
  reliability: [],
  true_matches: [3, 2, 2, 1, 0],
  false_matches: [2, 1, 1, 0, 0],
  same: 3,
  different: 2,
  unreadable: 1,
};

test("counts and shares at a threshold", () => {
  assert.equal(stepsOf(curves), 4);
  assert.deepEqual(countsAt(curves, 2), {
    tp: 2,
    fp: 1,
    fn: 1,
    tn: 1,
    shown: 3,
    precision: 2 / 3,
    recall: 2 / 3,
    coverage: 3 / 6,
  });
});

test("a share of nothing is not a number", () => {
  assert.ok(Number.isNaN(countsAt(curves, 4).precision));
  assert.equal(countsAt(curves, 4).recall, 0);
  assert.ok(Number.isNaN(countsAt({ ...curves, same: 0, true_matches: [0, 0, 0, 0, 0] }, 0).recall));
});

test("the lowest threshold that reaches a precision", () => {
  assert.deepEqual(
    allCounts(curves).map(({ precision }) => precision),
    [3 / 5, 2 / 3, 2 / 3, 1, Number.NaN],
  );
  assert.equal(lowestStep(curves, 0.6), 0);
  assert.equal(lowestStep(curves, 0.65), 1);
  assert.equal(lowestStep(curves, 0.95), 3);
  assert.equal(lowestStep({ ...curves, false_matches: [2, 1, 1, 1, 1] }, 0.95), -1);
});

test("Wilson's interval of the precision", () => {
  // statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
  assert.equal(precisionInterval({ tp: 8, shown: 10 }), "49.0–94.3");
  assert.equal(precisionInterval({ tp: 10, shown: 10 }), "72.2–100.0");
  assert.equal(precisionInterval({ tp: 0, shown: 0 }), "");
});
