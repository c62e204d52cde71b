import assert from "node:assert/strict";
import test from "node:test";
import { nearest, onto, reaching, thinned, unit, valueAt } from "../../assistant/ui/static/axes.js";

test("an axis ends on a round number that no point exceeds", () => {
  const end = (/** @type {number[]} */ ...values) => reaching("Loss", values, String).max;
  assert.equal(end(0.42, 0.3), 0.5);
  assert.equal(end(7), 8);
  assert.equal(end(950), 1000);
  assert.equal(end(1000), 1000);
  assert.equal(end(), 1);
});

test("a value and its pixel", () => {
  const axis = unit("Recall");
  assert.equal(onto(axis, 54, 408)(0.5), 231);
  assert.equal(onto(axis, 260, 10)(1), 10);
  assert.equal(valueAt(axis, 54, 408, 231), 0.5);
  assert.equal(valueAt(axis, 54, 408, 9), 0);
  assert.equal(valueAt(axis, 54, 408, 900), 1);
  assert.equal(onto({ ...axis, max: 0 }, 54, 408)(0), 54);
});

test("the nearest point, the earlier one of two", () => {
  const points = [
    [0, 1],
    [0.5, 2],
    [1, 3],
  ];
  assert.deepEqual(nearest(points, 0.6), [0.5, 2]);
  assert.deepEqual(nearest(points, 0.25), [0, 1]);
});

test("a table has few points, the last among them", () => {
  const points = Array.from({ length: 100 }, (_, place) => [place, place]);
  const found = thinned(points, 21);
  assert.ok(found.length <= 22);
  assert.deepEqual([found[0], found.at(-1)], [points[0], points[99]]);
  assert.deepEqual(thinned(points.slice(0, 3), 21), points.slice(0, 3));
});
