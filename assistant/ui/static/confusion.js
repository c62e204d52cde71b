// A two by two table of counts, each shaded by its share.
import { swatch } from "./charts.js";
import { el } from "./dom.js";

/** @import { Counts } from "./threshold_counts.js" */

/**
 * @param {Pick<Counts, "tn" | "fp" | "fn" | "tp">} counts
 * @param {string} name
 * @param {number} number its colour
 */
export function confusion({ tn, fp, fn, tp }, name, number) {
  const all = tn + fp + fn + tp || 1;
  const cell = (/** @type {number} */ count, /** @type {boolean} */ good, /** @type {string} */ words) =>
    el(
      "td",
      { class: good ? "rp-good" : "rp-bad", style: `--share: ${Math.round((count / all) * 100)}%` },
      el("strong", { text: count.toLocaleString("en") }),
      el("span", { text: words }),
    );
  const head = (/** @type {string} */ text, /** @type {string} */ scope) => el("th", { scope, text });
  const top = el("tr", {}, el("td"), head("shown as the same", "col"), head("not shown", "col"));
  return el(
    "table",
    { class: "rp-confusion" },
    el("caption", {}, swatch(number), name),
    el("thead", {}, top),
    el(
      "tbody",
      {},
      el("tr", {}, head("same", "row"), cell(tp, true, "right match"), cell(fn, false, "missed match")),
      el("tr", {}, head("different", "row"), cell(fp, false, "false match"), cell(tn, true, "rightly left out")),
    ),
  );
}
