// The conversation: one block per message, one group of cards per question in it.
import { button, el, show } from "./dom.js";
import { Card } from "./card.js";

const NUMBERED = 9;

export class Thread {
  // desk: what a card needs, and {write(question, interaction), explain(turnId), halt(), retry(key, text)}
  constructor(desk, empty) {
    this.desk = desk;
    this.empty = empty;
    this.turns = new Map();
    this.list = el("div", { class: "rp-turns", role: "log", "aria-live": "polite", "aria-label": "Conversation" });
    this.root = el("div", { class: "rp-thread", tabindex: "0", "aria-label": "Conversation, scrollable" }, empty, this.list);
  }

  clear() {
    this.turns.clear();
    this.list.replaceChildren();
    show(this.empty, true);
  }

  pending(key, text) {
    show(this.empty, false);
    const state = el("div", { class: "rp-state" }, el("span", { class: "rp-spinner", "aria-hidden": "true" }), "Looking for past answers…");
    const root = el("section", { class: "rp-turn", "data-key": key }, bubble(text), state);
    this.list.append(root);
    this.turns.set(key, { root, state, text, cards: new Map() });
    this.reveal(root);
  }

  resolve(key, turn) {
    let view = this.turns.get(key);
    if (!view) {
      show(this.empty, false);
      view = { root: el("section", { class: "rp-turn" }, bubble(turn.question)), text: turn.question, cards: new Map() };
      this.list.append(view.root);
    }
    view.state?.remove();
    this.turns.delete(key);
    this.turns.set(turn.id, view);
    view.root.dataset.turn = turn.id;
    turn.parts.forEach((part, index) => view.root.append(this.part(turn, part, index, view)));
    view.foot = el("div", { class: "rp-foot" });
    view.root.append(view.foot);
    this.number(view);
    this.reveal(view.root);
  }

  // Its first line at the top: in the thread where that scrolls by itself, else in the window.
  reveal(node) {
    const behavior = calm();
    if (this.root.scrollHeight > this.root.clientHeight) this.root.scrollTo({ top: node.offsetTop, behavior });
    else if (getComputedStyle(this.root).overflowY === "visible") node.scrollIntoView({ block: "start", behavior });
  }

  part(turn, part, index, view) {
    const group = el("section", { class: "rp-part" });
    if (turn.parts.length > 1) {
      group.append(el("h3", { class: "rp-asked" }, el("span", { text: `Question ${index + 1}` }), part.asked));
    }
    if (part.ambiguous) {
      group.append(
        el("p", { class: "rp-notice rp-close", role: "note" }, el("strong", { text: "Too close to call. " }), "The first two are almost equally likely; compare them before you answer."),
      );
    }
    const card = (match) => {
      const made = new Card(match, part, turn.id, this.desk);
      made.part = index;
      view.cards.set(`${index}/${match.id}`, made);
      return made.root;
    };
    if (part.no_match) group.append(this.noMatch(part, turn));
    group.append(...part.matches.map(card));
    if (part.near_misses.length) {
      const summary = el("summary", { text: `Near misses (${part.near_misses.length})` });
      group.append(el("details", { class: "rp-near" }, summary, ...part.near_misses.map(card)));
    }
    return group;
  }

  noMatch(part, turn) {
    const box = el(
      "div",
      { class: "rp-none" },
      el("strong", { text: "No good match" }),
      el("p", { text: "The team has not answered this yet, or asked it in very different words." }),
    );
    if (this.desk.allowed.write) {
      box.append(button("Write a new answer", { class: "rp-primary", onclick: () => this.desk.write(part.asked) }));
    }
    return box;
  }

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
    view.state.replaceChildren(el("span", { class: "rp-error", role: "alert", text: message }), again);
  }

  // Only the newest turn's matches answer to Alt+1…9.
  number(newest) {
    for (const view of this.turns.values()) for (const card of view.cards.values()) card.setNumber(null);
    this.numbered = [...newest.cards.values()].filter((card) => !card.root.closest("details")).slice(0, NUMBERED);
    this.numbered.forEach((card, index) => card.setNumber(index + 1));
  }

  writing(id) {
    const view = this.turns.get(id);
    view?.foot.replaceChildren(
      el("span", { class: "rp-spinner", "aria-hidden": "true" }),
      "Writing reasons…",
      button("Stop", { class: "rp-quiet", onclick: () => this.desk.halt() }),
    );
  }

  reasons({ id, reasons, done, error, notice }) {
    const view = this.turns.get(id);
    if (!view) return;
    for (const [key, reason] of Object.entries(reasons)) view.cards.get(key)?.setReason(reason);
    if (done) this.settled(id, error, notice);
  }

  // Nothing is being written for this turn (any more): offer what is missing.
  settled(id, error, notice) {
    const view = this.turns.get(id);
    if (!view) return;
    const open = [...view.cards.values()].filter((card) => !card.explained);
    open.forEach((card) => card.stopReason());
    view.foot.replaceChildren();
    if (error) view.foot.append(el("span", { class: "rp-error", text: error }));
    if (notice) view.foot.append(el("span", { class: "rp-fine", text: notice }));
    if (open.length) {
      view.foot.append(button("Write the missing reasons", { class: "rp-quiet", onclick: () => this.desk.explain(id) }));
    }
  }
}

function bubble(text) {
  return el("div", { class: "rp-question" }, el("span", { class: "rp-sr", text: "Customer asked: " }), el("p", { text }));
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
