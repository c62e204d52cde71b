// The reply an agent is about to send: editable, with its placeholders marked until they are filled.
import { button, el, icon, marked, show } from "./dom.js";
import { withAnswer } from "./draft.js";
import { placeholderPieces, placeholders } from "./marks.js";

/** @import { Card } from "./card.js" */
/** @import { Draft, Source } from "./draft.js" */

/**
 * `report` tells the server what came of a past answer, `write` opens the form for a new one.
 * @typedef {object} ReplyDesk
 * @property {{ write: boolean }} allowed
 * @property {(source: Source, verdict: "used" | "edited", text: string) => void} report
 * @property {() => void} write
 */

export class Reply {
  /** @param {ReplyDesk} desk */
  constructor({ report, write, allowed }) {
    this.report = report;
    /** @type {Source[]} */
    this.sources = [];
    // What the server knows as used or edited.
    this.reported = "";
    // Whether a press on Copy still has to be confirmed while there are placeholders.
    this.unconfirmed = true;
    this.mirror = el("div", { class: "rp-mirror", "aria-hidden": "true" });
    this.field = el("textarea", {
      class: "rp-reply-text",
      id: "rp-reply-text",
      rows: "12",
      placeholder: "Choose an answer, or write your own.",
    });
    this.chips = el("div", { class: "rp-chips" });
    this.status = el("p", { class: "rp-status", role: "status" });
    this.copyLabel = el("span", { text: "Copy" });
    this.copyButton = button("", { class: "rp-primary", onclick: () => this.copy() }, icon("copy"), this.copyLabel);
    const clear = button("Clear", { onclick: () => this.clear() });
    const writeButton = button("Write a new answer", { onclick: () => write() });
    show(writeButton, allowed.write);
    this.root = el(
      "aside",
      { class: "rp-reply", "aria-label": "Reply" },
      el("label", { class: "rp-title", for: "rp-reply-text", text: "Your reply" }),
      el("div", { class: "rp-editor" }, this.mirror, this.field),
      this.chips,
      el("div", { class: "rp-actions" }, this.copyButton, clear, writeButton),
      this.status,
    );
    this.field.addEventListener("input", () => this.refresh());
    this.field.addEventListener("scroll", () => {
      this.mirror.scrollTop = this.field.scrollTop;
    });
    this.refresh();
  }

  get text() {
    return this.field.value;
  }

  /** @param {Card} card */
  use(card) {
    const before = { text: this.text, sources: this.sources };
    const source = { interaction: card.interaction, answer: card.match.id, part: card.part };
    const draft = withAnswer(before, source, card.match.answer);
    this.reported = draft.text;
    this.put(draft);
    this.say(draft.joined ? "Added below." : "Inserted.");
    if (before.text.trim() && !draft.joined) this.offerUndo(before);
    this.field.scrollTop = 0;
    this.field.focus();
    const [first] = placeholders(this.text);
    if (first) this.select(first);
    else this.field.setSelectionRange(0, 0);
    this.report(source, "used", "");
  }

  /** @param {Draft} draft */
  put({ text, sources }) {
    this.field.value = text;
    this.sources = sources;
    this.refresh();
  }

  /** @param {Draft} before */
  offerUndo(before) {
    const undo = () => {
      this.put(before);
      this.say("Your text is back.");
    };
    this.status.append(" ", button("Undo", { class: "rp-quiet", onclick: undo }));
  }

  clear() {
    this.reported = "";
    this.put({ text: "", sources: [] });
    this.say("");
    this.field.focus();
  }

  refresh() {
    const open = placeholders(this.text);
    this.mirror.replaceChildren(...marked(placeholderPieces(this.text)), "\n");
    this.mirror.scrollTop = this.field.scrollTop;
    show(this.chips, open.length > 0);
    const chip = (/** @type {string} */ name) =>
      button(name, { class: "rp-chip", title: "Select it in the text", onclick: () => this.select(name) });
    this.chips.replaceChildren(el("span", { text: "Still to fill in:" }), ...open.map(chip));
    this.copyButton.disabled = !this.text.trim();
    this.confirmCopy(false);
  }

  /** @param {string} name */
  select(name) {
    const start = this.text.indexOf(name);
    if (start < 0) return;
    this.field.focus();
    this.field.setSelectionRange(start, start + name.length);
  }

  /** @param {boolean} asked whether the next press copies in spite of placeholders */
  confirmCopy(asked) {
    this.unconfirmed = !asked;
    this.copyLabel.textContent = asked ? "Copy anyway" : "Copy";
  }

  async copy() {
    const open = placeholders(this.text);
    if (open.length && this.unconfirmed) {
      this.confirmCopy(true);
      this.say(`Not copied: ${open.join(", ")} still to fill in.`, true);
      return;
    }
    try {
      await navigator.clipboard.writeText(this.text);
      this.say("Copied.");
    } catch {
      // No permission (an insecure address, a frame): the selected text can still be copied by hand.
      this.field.focus();
      this.field.select();
      this.say("The browser does not allow copying: press Ctrl+C.", true);
    }
    this.confirmCopy(false);
    if (this.text !== this.reported) {
      this.reported = this.text;
      for (const source of this.sources) this.report(source, "edited", this.text);
    }
  }

  /**
   * @param {string} text
   * @param {boolean} [warning]
   */
  say(text, warning = false) {
    this.status.textContent = text;
    this.status.classList.toggle("rp-warning", warning);
  }
}
