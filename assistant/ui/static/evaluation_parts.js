// Small pieces that several views of the Evaluation tab are made of.
import { button, el, problem } from "./dom.js";
import { count, nameOf } from "./evaluation_words.js";

/** @import { Reply } from "./gradio_component.js" */
/** @import { Leaks } from "./evaluation_records.js" */
/** @import { Measured } from "./evaluation_words.js" */

/** @param {Measured & { leaks: Leaks }} report */
export function leakWarning(report) {
  const rows = count(report.leaks.rows.length);
  const words = `was measured in spite of leaks: ${rows} of its rows equal training rows or contain a label. `;
  const name = el("strong", { text: nameOf(report) });
  return el("p", { class: "rp-leaky", role: "alert" }, name, words, "Its figures are too good.");
}

/**
 * A list to choose one of.
 * @template {string} Key
 * @param {Partial<Record<Key, string>>} words
 * @param {Key | null | undefined} chosen
 * @param {(key: Key) => void} choose
 */
export function options(words, chosen, choose) {
  const entries = /** @type {[Key, string][]} */ (Object.entries(words));
  const select = el("select", { class: "rp-input" }, ...entries.map(([value, text]) => el("option", { value, text })));
  if (chosen !== null && chosen !== undefined) select.value = chosen;
  select.addEventListener("change", () => choose(/** @type {Key} */ (select.value)));
  return select;
}

/**
 * Facts under their names; those without a value are left out.
 * @param {Record<string, string | null | undefined>} facts
 */
export function factsList(facts) {
  const known = Object.entries(facts).filter(([, value]) => value);
  const pairs = known.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]);
  return el("dl", { class: "rp-facts-list" }, pairs);
}

/**
 * A button that is pressed or not.
 * @param {string} label
 * @param {boolean} pressed
 * @param {() => void} onclick
 */
export function chip(label, pressed, onclick) {
  return button(label, { class: "rp-kind", "aria-pressed": String(pressed), onclick });
}

/**
 * @template Row
 * @typedef {{ total: number, offset: number, size: number, rows: Row[] }} PageOf
 */

/**
 * Rows that come from the server one page at a time.
 * @template Row
 */
export class Pages {
  /**
   * @param {(row: Row) => HTMLElement} draw
   * @param {string} none said where there is no row
   */
  constructor(draw, none) {
    this.draw = draw;
    this.none = none;
    this.root = el("div");
    this.turn = 0;
  }

  /**
   * Shows the first page and resolves to its reply. An answer that arrives after another call of this is not drawn.
   * @template {PageOf<Row>} Content
   * @param {(offset: number) => Promise<Reply<Content>>} ask
   * @returns {Promise<Reply<Content>>}
   */
  show(ask) {
    this.turn += 1;
    return this.at(0, ask, this.turn);
  }

  /**
   * @template {PageOf<Row>} Content
   * @param {number} offset
   * @param {(offset: number) => Promise<Reply<Content>>} ask
   * @param {number} turn
   * @returns {Promise<Reply<Content>>}
   */
  async at(offset, ask, turn) {
    const found = await ask(offset);
    if (turn !== this.turn) return found;
    if (!found.ok) this.root.replaceChildren(problem(found.error));
    else if (!found.rows.length) this.root.replaceChildren(el("p", { class: "rp-fine", text: this.none }));
    else {
      const rows = el("ul", { class: "rp-rows" }, found.rows.map(this.draw));
      const turnTo = async (/** @type {number} */ to) => {
        await this.at(to, ask, turn);
        this.root.scrollIntoView({ block: "start" });
      };
      this.root.replaceChildren(rows, ...(found.total > found.size ? [pager(found, turnTo)] : []));
    }
    return found;
  }
}

/**
 * @param {PageOf<unknown>} page
 * @param {(offset: number) => void} turnTo
 */
function pager({ total, offset, size, rows }, turnTo) {
  const step = (/** @type {string} */ label, /** @type {number} */ to) =>
    button(label, { disabled: to < 0 || to >= total, onclick: () => turnTo(to) });
  const place = `${count(offset + 1)}–${count(offset + rows.length)} of ${count(total)}`;
  return el(
    "div",
    { class: "rp-actions" },
    step("Previous", offset - size),
    el("span", { class: "rp-fine", text: place }),
    step("Next", offset + size),
  );
}
