// The boxes that choose which reports stand side by side.
import { MOST_SERIES, swatch } from "./charts.js";
import { el } from "./dom.js";
import { dateOf, figure, HEADLINE, nameOf } from "./evaluation_words.js";

/** @import { Head } from "./evaluation_records.js" */

/**
 * Fills `place` with a box for each report and returns those of `ids` that are chosen: as many as a chart has colours.
 * @param {HTMLElement} place
 * @param {Head[]} heads
 * @param {string[]} ids
 * @param {(ids: string[]) => void} pick called with the ids to choose; it fills `place` again
 * @returns {string[]} in the order of the reports, which gives each its colour
 */
export function reportPicker(place, heads, ids, pick) {
  const known = heads.map((one) => one.id);
  const chosen = known.filter((id) => ids.includes(id)).slice(0, MOST_SERIES);
  const toggle = (/** @type {string} */ id, /** @type {boolean} */ checked) => {
    pick(checked ? [...chosen, id] : chosen.filter((one) => one !== id));
    [...place.querySelectorAll("input")].find((one) => one.dataset.id === id)?.focus();
  };
  const box = (/** @type {Head} */ report) => {
    const number = chosen.indexOf(report.id);
    const isFull = number < 0 && chosen.length === MOST_SERIES;
    const input = el("input", { type: "checkbox", disabled: isFull, "data-id": report.id });
    input.checked = number >= 0;
    input.addEventListener("change", () => toggle(report.id, input.checked));
    const [name, words] = HEADLINE[report.task];
    const headline = `${words} ${figure(report.figures[name])} · ${dateOf(report.created)}`;
    return el(
      "label",
      { class: "rp-report" },
      input,
      number >= 0 ? swatch(number) : null,
      el("span", { class: "rp-report-name", text: nameOf(report) }),
      report.branded ? el("span", { class: "rp-brand", text: "Leaks" }) : null,
      el("span", { class: "rp-fine", text: headline }),
    );
  };
  place.replaceChildren(...heads.map(box));
  return chosen;
}
