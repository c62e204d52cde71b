// The conversation: one block per message, one group of cards per question in it.
import { Card } from "./card.js";
import { button, el, show } from "./dom.js";

/** @import { CardDesk } from "./card.js" */
/** @import { Part, ReasonsMessage, Turn } from "./records.js" */

/**
 * What the thread needs of the desk: what its cards need, and what its buttons do.
 * @typedef {object} ThreadButtons
 * @property {{ write: boolean }} allowed
 * @property {(question: string) => void} write opens the form for a new answer
 * @property {(turnId: string) => void} explain
 * @property {() => void} halt
 * @property {(text: string) => void} retry
 */

/**
 * One message with its cards, by part number and answer id. `state` says what is being waited for.
 * @typedef {object} Block
 * @property {HTMLElement} root
 * @property {HTMLElement | null} state
 * @property {HTMLElement} foot
 * @property {string} text
 * @property {Map<string, Card>} cards
 */

const NUMBERED = 9;

export class Thread {
  /**
   * @param {CardDesk & ThreadButtons} desk
   * @param {HTMLElement} empty shown while there is no message
   */
  constructor(desk, empty) {
    this.desk = desk;
    this.empty = empty;
    /** @type {Map<string, Block>} */
    this.turns = new Map();
    /** @type {Card[]} */
    this.numbered = [];
    this.list = el("div", { class: "rp-turns", role: "log", "aria-live": "polite", "aria-label": "Conversation" });
    const about = { class: "rp-thread", tabindex: "0", "aria-label": "Conversation, scrollable" };
    this.root = el("div", about, empty, this.list);
  }

  /**
   * @param {string} key
   * @param {string} text
   */
  pending(key, text) {
    const spinner = el("span", { class: "rp-spinner", "aria-hidden": "true" });
    const state = el("div", { class: "rp-state" }, spinner, "Looking for past answers…");
    const view = this.add(key, text, state);
    this.reveal(view.root);
  }

  /**
   * @param {string} key
   * @param {string} text
   * @param {HTMLElement | null} state
   * @returns {Block}
   */
  add(key, text, state) {
    show(this.empty, false);
    const root = el("section", { class: "rp-turn" }, bubble(text), state);
    const view = { root, state, text, cards: new Map(), foot: el("div", { class: "rp-foot" }) };
    this.list.append(root);
    this.turns.set(key, view);
    return view;
  }

  /**
   * @param {string} key
   * @param {Turn} turn
   */
  resolve(key, turn) {
    const view = this.turns.get(key) ?? this.add(turn.id, turn.question, null);
    view.state?.remove();
    this.turns.delete(key);
    this.turns.set(turn.id, view);
    view.root.dataset.turn = turn.id;
    view.root.append(...turn.parts.map((part, index) => this.part(turn, part, index, view)), view.foot);
    this.number(view);
    this.reveal(view.root);
  }

  /**
   * Brings the first line to the top: of the thread where that scrolls by itself, else of the window.
   * @param {HTMLElement} node
   */
  reveal(node) {
    const behavior = calm();
    if (this.root.scrollHeight > this.root.clientHeight) this.root.scrollTo({ top: node.offsetTop, behavior });
    else if (getComputedStyle(this.root).overflowY === "visible") node.scrollIntoView({ block: "start", behavior });
  }

  /**
   * @param {Turn} turn
   * @param {Part} part
   * @param {number} index
   * @param {Block} view
   */
  part(turn, part, index, view) {
    const group = el("section", { class: "rp-part" });
    if (turn.parts.length > 1) {
      group.append(el("h3", { class: "rp-asked" }, el("span", { text: `Question ${index + 1}` }), part.asked));
    }
    if (part.ambiguous) group.append(tooClose());
    const cards = [...part.matches, ...part.near_misses].map(
      (match) => new Card(match, part, index, turn.id, this.desk),
    );
    for (const card of cards) view.cards.set(`${index}/${card.match.id}`, card);
    const roots = cards.map((card) => card.root);
    if (part.no_match) group.append(this.noMatch(part));
    group.append(...roots.slice(0, part.matches.length));
    if (part.near_misses.length) {
      const summary = el("summary", { text: `Near misses (${part.near_misses.length})` });
      group.append(el("details", { class: "rp-near" }, summary, ...roots.slice(part.matches.length)));
    }
    return group;
  }

  /** @param {Part} part */
  noMatch(part) {
    const box = el(
      "div",
      { class: "rp-none" },
      el("strong", { text: "No good match" }),
      el("p", { text: "The team has not answered this question yet, or the past question used very different words." }),
    );
    if (this.desk.allowed.write) {
      const onclick = () => this.desk.write(part.asked);
      box.append(button("Write a new answer", { class: "rp-primary", onclick }));
    }
    return box;
  }

  /**
   * @param {string} key
   * @param {string} message
   */
  fail(key, message) {
    const view = this.turns.get(key);
    if (!view) return;
    const again = button("Try again", {
      onclick: () => {
        view.root.remove();
        this.turns.delete(key);
        this.desk.retry(view.text);
      },
    });
    view.state?.replaceChildren(el("span", { class: "rp-error", role: "alert", text: message }), again);
  }

  /**
   * Only the newest turn's matches answer to Alt+1…9.
   * @param {Block} newest
   */
  number(newest) {
    for (const view of this.turns.values()) for (const card of view.cards.values()) card.setNumber(null);
    this.numbered = [...newest.cards.values()].filter((card) => !card.root.closest("details")).slice(0, NUMBERED);
    for (const [index, card] of this.numbered.entries()) card.setNumber(index + 1);
  }

  /** @param {string} id */
  writing(id) {
    this.turns
      .get(id)
      ?.foot.replaceChildren(
        el("span", { class: "rp-spinner", "aria-hidden": "true" }),
        "Writing reasons…",
        button("Stop", { class: "rp-quiet", onclick: () => this.desk.halt() }),
      );
  }

  /** @param {ReasonsMessage} message */
  reasons({ id, reasons, done, error, notice }) {
    const view = this.turns.get(id);
    if (!view) return;
    for (const [key, reason] of Object.entries(reasons)) view.cards.get(key)?.setReason(reason);
    if (done) this.settled(id, error, notice);
  }

  /**
   * Nothing is being written for this turn (any more): offer what is missing.
   * @param {string} id
   * @param {string} [error]
   * @param {string | null} [notice]
   */
  settled(id, error, notice) {
    const view = this.turns.get(id);
    if (!view) return;
    const open = [...view.cards.values()].filter((card) => !card.explained);
    for (const card of open) card.stopReason();
    view.foot.replaceChildren();
    if (error) view.foot.append(el("span", { class: "rp-error", text: error }));
    if (notice) view.foot.append(el("span", { class: "rp-fine", text: notice }));
    if (open.length) {
      const onclick = () => this.desk.explain(id);
      view.foot.append(button("Write the missing reasons", { class: "rp-quiet", onclick }));
    }
  }
}

function tooClose() {
  return el(
    "p",
    { class: "rp-notice", role: "note" },
    el("strong", { text: "Too close to call. " }),
    "The first two are almost equally likely; compare them before you answer.",
  );
}

/** @param {string} text */
function bubble(text) {
  const who = el("span", { class: "rp-sr", text: "Customer asked: " });
  return el("div", { class: "rp-question" }, who, el("p", { text }));
}

/** @returns {ScrollBehavior} */
function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
