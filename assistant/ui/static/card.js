// One judged past answer.
import { button, el, icon, LANGUAGES, locale, marked, percent, shortDate, show, SIGNALS } from "./dom.js";

const LABELS = { same: "Same question", different: "Not the same", unjudged: "Not judged" };

export class Card {
  // desk: {use(card), vote(card, verdict, note) -> Promise of an error's text or null, allowed, signals}
  constructor(match, part, interaction, desk) {
    Object.assign(this, { match, interaction, desk });
    this.language = part.language;
    const tied = part.ambiguous && part.matches.includes(match); // the third is no surer than the tied two
    this.label = tied ? "Perhaps the same" : LABELS[match.label];
    this.number = null;
    this.reason = el("p", { class: "rp-reason", "aria-live": "off", hidden: true });
    this.key = el("kbd", { class: "rp-key", hidden: true });
    this.said = el("span", { class: "rp-said", role: "status" });
    this.root = el(
      "article",
      { class: `rp-card rp-${match.label}`, "data-answer": match.id, "aria-label": `${this.label}: ${match.phrasing}` },
      this.head(),
      this.otherLanguage(),
      el("h4", { class: "rp-past", lang: locale(match.language) }, ...marked(match.phrasing, match.differences.past_only)),
      this.differences(),
      el("div", { class: "rp-answer", lang: locale(match.language), text: match.answer }),
      this.reason,
      this.actions(),
      this.fine(),
    );
    this.setVote(match.voted);
    if (match.reason) this.setReason({ ...match.reason, done: true });
  }

  head() {
    const { probability } = this.match;
    const bar = el("span", { class: "rp-bar", "aria-hidden": "true" }, el("span"));
    bar.firstChild.style.width = percent(probability ?? 0);
    const sure = el("span", { class: "rp-sure", title: "How likely it is that both questions ask the same" }, bar, percent(probability));
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
    const use = button("Use this answer ", { class: "rp-use rp-primary", onclick: () => this.desk.use(this) });
    use.append(this.key);
    const row = el("div", { class: "rp-actions" }, use);
    if (this.desk.allowed.feedback) {
      this.up = button("", { class: "rp-vote", "aria-label": "Good match", title: "Good match", onclick: () => this.vote("up") }, icon("up"));
      this.down = button("", { class: "rp-vote", "aria-label": "Wrong match", title: "Wrong match", onclick: () => this.askWhy() }, icon("down"));
      row.append(this.up, this.down);
    }
    row.append(this.said);
    this.why = el("div");
    return [row, this.why];
  }

  fine() {
    const { match } = this;
    const facts = [shortDate(match.date), match.author, LANGUAGES[match.language]].filter(Boolean).join(" · ");
    const tags = match.tags.map((tag) => el("span", { class: "rp-tag", text: tag }));
    const filed = match.phrasing === match.question ? null : el("p", { class: "rp-fine", text: `Filed as: ${match.question}` });
    const judging = Object.entries(SIGNALS).filter(([key]) => (this.desk.signals[match.language] ?? []).includes(key) && match.signals[key] !== null);
    const signals = judging.map(([key, [name, written]]) => `${name} ${written(match.signals[key])}`);
    return el(
      "footer",
      { class: "rp-about" },
      filed,
      el("p", { class: "rp-fine rp-facts" }, el("span", { text: facts }), ...tags),
      signals.length ? el("p", { class: "rp-fine", text: `Judged by ${signals.join(" · ")}` }) : null,
    );
  }

  setNumber(number) {
    this.number = number;
    show(this.key, number !== null);
    this.key.textContent = number === null ? "" : `Alt+${number}`;
    const use = this.root.querySelector(".rp-use");
    if (number === null) use.removeAttribute("aria-keyshortcuts");
    else use.setAttribute("aria-keyshortcuts", `Alt+${number}`);
  }

  get explained() {
    return this.reason.dataset.done === "true";
  }

  setReason({ text, hidden, done }) {
    show(this.reason, true);
    this.reason.dataset.done = String(Boolean(done));
    this.reason.classList.toggle("rp-writing", !done);
    this.reason.classList.toggle("rp-hidden-reason", Boolean(hidden));
    this.reason.textContent = hidden ? `Reason hidden: it ${HIDDEN[hidden] ?? hidden}.` : text || "No reason given.";
  }

  // The writing stopped before this reason was finished.
  stopReason() {
    if (this.explained) return;
    this.reason.classList.remove("rp-writing");
    show(this.reason, Boolean(this.reason.textContent));
  }

  setVote(verdict) {
    if (!this.up) return;
    this.up.setAttribute("aria-pressed", String(verdict === "up"));
    this.down.setAttribute("aria-pressed", String(verdict === "down"));
  }

  async vote(verdict, note = "") {
    this.why.replaceChildren();
    this.setVote(verdict);
    const error = await this.desk.vote(this, verdict, note);
    if (error) this.setVote(null);
    this.said.textContent = error ?? "Thanks, noted.";
  }

  askWhy() {
    const field = el("input", { class: "rp-input", maxlength: "1000", placeholder: "What is wrong? (optional)", "aria-label": "What is wrong?" });
    const send = () => this.vote("down", field.value.trim());
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") send();
      if (event.key === "Escape") {
        this.why.replaceChildren();
        this.down.focus();
      }
    });
    this.why.replaceChildren(el("div", { class: "rp-why" }, field, button("Send", { onclick: send })));
    field.focus();
  }
}

const HIDDEN = {
  "contradicts the verdict": "argued against the verdict",
  "quotes words nobody wrote": "quoted words that nobody wrote",
  "ends inside a quotation": "ended inside a quotation",
  "tells apart what is the same": "told apart two equal questions",
  "says of a question what it does not say": "said of a question what it does not say",
  empty: "came out empty",
};
