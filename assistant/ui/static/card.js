// One judged past answer.
import { button, el, icon, marked, show } from "./dom.js";
import { wordPieces } from "./marks.js";
import { LANGUAGES, locale, percent, reasonOf, shortDate, signalsOf, verdictOf } from "./wording.js";

/** @import { Fault, Match, Part, Verb } from "./records.js" */

/**
 * What a card needs of the desk. `vote` resolves to an error's text or null. `signals` are those that the judge uses,
 * by language.
 * @typedef {object} CardDesk
 * @property {{ feedback: boolean }} allowed
 * @property {Partial<Record<string, string[]>>} signals
 * @property {(card: Card) => void} use
 * @property {(card: Card, verdict: Verb, note: string) => Promise<string | null>} vote
 */

export class Card {
  /** @type {HTMLButtonElement | undefined} */
  up;
  /** @type {HTMLButtonElement | undefined} */
  down;

  /**
   * @param {Match} match
   * @param {Part} part
   * @param {number} place the part's number in the turn, from 0
   * @param {string} interaction the turn's id
   * @param {CardDesk} desk
   */
  constructor(match, part, place, interaction, desk) {
    this.match = match;
    this.part = place;
    this.interaction = interaction;
    this.desk = desk;
    this.language = part.language;
    this.label = verdictOf(match, part);
    this.reason = el("p", { class: "rp-reason", "aria-live": "off", hidden: true });
    this.key = el("kbd", { class: "rp-key", hidden: true });
    this.useButton = button("Use this answer ", { class: "rp-use rp-primary", onclick: () => this.desk.use(this) });
    this.useButton.append(this.key);
    this.said = el("span", { class: "rp-said", role: "status" });
    this.why = el("div");
    const past = marked(wordPieces(match.phrasing, match.differences.past_only));
    this.root = el(
      "article",
      {
        class: `rp-card rp-${match.label}`,
        "data-answer": match.id,
        "aria-label": `${this.label}: ${match.phrasing}`,
      },
      this.head(),
      this.otherLanguage(),
      el("h4", { class: "rp-past", lang: locale(match.language) }, past),
      this.differences(),
      el("div", { class: "rp-answer", lang: locale(match.language), text: match.answer }),
      this.reason,
      this.actions(),
      this.why,
      this.fine(),
    );
    this.setVote(match.voted);
    if (match.reason) this.setReason({ ...match.reason, done: true });
  }

  head() {
    const { probability } = this.match;
    const filled = el("span", { style: `width: ${percent(probability ?? 0)}` });
    const bar = el("span", { class: "rp-bar", "aria-hidden": "true" }, filled);
    const title = "How likely both questions are the same";
    const sure = el("span", { class: "rp-sure", title }, bar, percent(probability));
    return el("header", { class: "rp-card-head" }, el("span", { class: "rp-badge", text: this.label }), sure);
  }

  otherLanguage() {
    if (this.match.language === this.language) return null;
    const text = `This answer is in ${LANGUAGES[this.match.language]}; the question is in ${LANGUAGES[this.language]}.`;
    return el("p", { class: "rp-notice", text });
  }

  differences() {
    const { asked_only: asked } = this.match.differences;
    if (!asked.length) return null;
    const words = asked.flatMap((word, index) => [index ? " " : "", el("mark", { text: word })]);
    return el("p", { class: "rp-differences" }, "Only in the new question: ", ...words);
  }

  actions() {
    const row = el("div", { class: "rp-actions" }, this.useButton);
    if (this.desk.allowed.feedback) {
      this.up = voteButton("up", "Good match", () => this.vote("up"));
      this.down = voteButton("down", "Wrong match", () => this.askWhy());
      row.append(this.up, this.down);
    }
    row.append(this.said);
    return row;
  }

  fine() {
    const { match } = this;
    const facts = [shortDate(match.date), match.author, LANGUAGES[match.language]].filter(Boolean).join(" · ");
    const tags = match.tags.map((tag) => el("span", { class: "rp-tag", text: tag }));
    const isFiled = match.phrasing === match.question;
    const signals = signalsOf(match.signals, this.desk.signals[match.language] ?? []);
    return el(
      "footer",
      { class: "rp-about" },
      isFiled ? null : el("p", { class: "rp-fine", text: `Filed as: ${match.question}` }),
      el("p", { class: "rp-fine rp-facts" }, el("span", { text: facts }), ...tags),
      signals.length ? el("p", { class: "rp-fine", text: `Judged by ${signals.join(" · ")}` }) : null,
    );
  }

  /** @param {number | null} number the key of Alt+number that uses this answer */
  setNumber(number) {
    show(this.key, number !== null);
    this.key.textContent = number === null ? "" : `Alt+${number}`;
    if (number === null) this.useButton.removeAttribute("aria-keyshortcuts");
    else this.useButton.setAttribute("aria-keyshortcuts", `Alt+${number}`);
  }

  get explained() {
    return this.reason.dataset.done === "true";
  }

  /** @param {{ text: string | null, hidden: Fault | null, done: boolean }} reason */
  setReason({ text, hidden, done }) {
    show(this.reason, true);
    this.reason.dataset.done = String(done);
    this.reason.classList.toggle("rp-writing", !done);
    this.reason.classList.toggle("rp-hidden-reason", Boolean(hidden));
    this.reason.textContent = reasonOf(text, hidden);
  }

  // The writing stopped before this reason was finished.
  stopReason() {
    if (this.explained) return;
    this.reason.classList.remove("rp-writing");
    show(this.reason, Boolean(this.reason.textContent));
  }

  /** @param {Verb | null} verdict */
  setVote(verdict) {
    this.up?.setAttribute("aria-pressed", String(verdict === "up"));
    this.down?.setAttribute("aria-pressed", String(verdict === "down"));
  }

  /**
   * @param {"up" | "down"} verdict
   * @param {string} [note]
   */
  async vote(verdict, note = "") {
    this.why.replaceChildren();
    this.setVote(verdict);
    const error = await this.desk.vote(this, verdict, note);
    if (error) this.setVote(null);
    this.said.textContent = error ?? "Thanks, noted.";
  }

  askWhy() {
    const field = el("input", {
      class: "rp-input",
      maxlength: "1000",
      placeholder: "What is wrong? (optional)",
      "aria-label": "What is wrong?",
    });
    const send = () => this.vote("down", field.value.trim());
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") send();
      if (event.key === "Escape") {
        this.why.replaceChildren();
        this.down?.focus();
      }
    });
    this.why.replaceChildren(el("div", { class: "rp-why" }, field, button("Send", { onclick: send })));
    field.focus();
  }
}

/**
 * @param {"up" | "down"} name
 * @param {string} label
 * @param {() => void} onclick
 */
function voteButton(name, label, onclick) {
  return button("", { class: "rp-vote", "aria-label": label, title: label, onclick }, icon(name));
}
