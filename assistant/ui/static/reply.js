// The reply an agent is about to send: editable, with its placeholders marked until they are filled.
import { button, el, icon, show } from "./dom.js";

const PLACEHOLDER = /\{\{?\s*[\p{L}_][\p{L}\p{N}_ .-]{0,39}\}\}?/gu;

export const placeholders = (text) => [...new Set(text.match(PLACEHOLDER) ?? [])];

export class Reply {
  // report(source, verdict, text): tell the server; write(): open the form for a new answer
  constructor({ report, write, allowed }) {
    this.report = report;
    this.sources = [];
    this.inserted = "";
    this.reported = "";
    this.mirror = el("div", { class: "rp-mirror", "aria-hidden": "true" });
    this.field = el("textarea", { class: "rp-reply-text", id: "rp-reply-text", rows: "12", placeholder: "Choose an answer, or write your own." });
    this.chips = el("div", { class: "rp-chips" });
    this.status = el("p", { class: "rp-status", role: "status" });
    this.copyButton = button("Copy", { class: "rp-primary", onclick: () => this.copy() }, icon("copy"));
    this.writeButton = button("Write a new answer", { onclick: () => write() });
    show(this.writeButton, allowed.write);
    this.root = el(
      "aside",
      { class: "rp-reply", "aria-label": "Reply" },
      el("label", { class: "rp-title", for: "rp-reply-text", text: "Your reply" }),
      el("div", { class: "rp-editor" }, this.mirror, this.field),
      this.chips,
      el("div", { class: "rp-actions" }, this.copyButton, button("Clear", { onclick: () => this.clear() }), this.writeButton),
      this.status,
    );
    this.field.addEventListener("input", () => this.refresh());
    this.field.addEventListener("scroll", () => (this.mirror.scrollTop = this.field.scrollTop));
    this.refresh();
  }

  get text() {
    return this.field.value;
  }

  // Answers to several questions of one message go below each other; anything else replaces.
  use(card) {
    const source = { interaction: card.interaction, answer: card.match.id, part: card.part };
    const joins = this.sources.length && this.text.trim() && this.sources.every((one) => one.interaction === source.interaction && one.part !== source.part);
    const before = { text: this.text, sources: this.sources, inserted: this.inserted };
    this.field.value = joins ? `${this.text.trimEnd()}\n\n${card.match.answer}` : card.match.answer;
    this.sources = joins ? [...this.sources, source] : [source];
    this.inserted = this.reported = this.field.value;
    this.refresh();
    this.say(joins ? "Added below." : "Inserted.");
    if (before.text.trim() && !joins) this.offerUndo(before);
    this.field.scrollTop = 0;
    this.field.focus();
    const [first] = placeholders(this.text);
    if (first) this.select(first);
    else this.field.setSelectionRange(0, 0);
    this.report(source, "used", "");
  }

  offerUndo(before) {
    this.status.append(
      " ",
      button("Undo", {
        class: "rp-quiet",
        onclick: () => {
          this.field.value = before.text;
          this.sources = before.sources;
          this.inserted = before.inserted;
          this.refresh();
          this.say("Your text is back.");
        },
      }),
    );
  }

  clear() {
    this.field.value = "";
    this.sources = [];
    this.inserted = this.reported = "";
    this.refresh();
    this.say("");
    this.field.focus();
  }

  refresh() {
    const open = placeholders(this.text);
    this.mirror.replaceChildren(...this.highlighted(), "\n");
    this.mirror.scrollTop = this.field.scrollTop;
    show(this.chips, open.length > 0);
    this.chips.replaceChildren(
      el("span", { text: "Still to fill:" }),
      ...open.map((name) => button(name, { class: "rp-chip", title: "Select it in the text", onclick: () => this.select(name) })),
    );
    this.copyButton.disabled = !this.text.trim();
    this.unconfirmed = true;
    this.copyButton.lastChild.textContent = "Copy";
  }

  highlighted() {
    const nodes = [];
    let at = 0;
    for (const found of this.text.matchAll(PLACEHOLDER)) {
      nodes.push(this.text.slice(at, found.index), el("mark", { text: found[0] }));
      at = found.index + found[0].length;
    }
    return [...nodes, this.text.slice(at)];
  }

  select(name) {
    const start = this.text.indexOf(name);
    if (start < 0) return;
    this.field.focus();
    this.field.setSelectionRange(start, start + name.length);
  }

  async copy() {
    const open = placeholders(this.text);
    if (open.length && this.unconfirmed) {
      this.unconfirmed = false;
      this.copyButton.lastChild.textContent = "Copy anyway";
      this.say(`Not copied: ${open.join(", ")} still to fill.`, true);
      return;
    }
    try {
      await navigator.clipboard.writeText(this.text);
      this.say("Copied.");
    } catch {
      // No permission (an insecure address, a frame): the selected text can still be copied by hand.
      this.field.focus();
      this.field.select();
      this.say("The browser did not allow it: press Ctrl+C.", true);
    }
    this.copyButton.lastChild.textContent = "Copy";
    this.unconfirmed = true;
    if (this.text !== this.reported) {
      this.reported = this.text;
      for (const source of this.sources) this.report(source, "edited", this.text);
    }
  }

  say(text, warning = false) {
    this.status.textContent = text;
    this.status.classList.toggle("rp-warning", warning);
  }
}
