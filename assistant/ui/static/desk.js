// The Desk tab: wires composer, thread, reply and form to the server.
import { button, el, follow, icon } from "./dom.js";
import { Composer } from "./composer.js";
import { Reply } from "./reply.js";
import { call, UNREACHABLE } from "./server.js";
import { Thread } from "./thread.js";
import { WriteForm } from "./write.js";

const EXAMPLES = {
  English: [
    "Tracking says delivered but there's nothing here. What now?",
    "The helmet is too small, can I swap it for a bigger one?",
    "How do I unsubscribe from your newsletter?",
  ],
  Português: [
    "Esqueci minha senha e não consigo entrar na conta",
    "Perdi o boleto e ele ainda não venceu, como pego outro?",
    "A outra pessoa aqui de casa pode receber meu pedido?",
  ],
};
// A call that got lost (the server was restarted) never answers; one that waits its turn does.
const LOOK_EVERY_MS = 5000;
const GIVE_UP_MS = 180000;
const HALT_MS = 1500;

export function start(component) {
  const root = component.element.querySelector(".rp-root");
  follow(component, (value) => (root.desk ??= new Desk(component, root)).receive(value));
}

class Desk {
  constructor({ trigger, server }, root) {
    Object.assign(this, { trigger, server, root });
    this.allowed = { feedback: false, write: false };
    this.waiting = [];
    this.unexplained = [];
    window.addEventListener("resposta:reasons", ({ detail }) => this.explained(detail));
    window.addEventListener("resposta:failed", ({ detail }) => this.failed(detail));
    document.addEventListener("keydown", (event) => this.shortcut(event));
  }

  receive(value) {
    if (value.kind === "thread") this.rebuild(value);
    if (value.kind === "turn" && value.key === this.asking?.key) {
      const bar = this.bar(value.status);
      this.top.replaceWith(bar);
      this.top = bar;
      this.thread.resolve(value.key, value.turn);
      this.last = value.turn;
      this.unexplained.push(value.turn.id);
      this.asked();
    }
    if (value.kind === "failed" && value.key === this.asking?.key) {
      this.thread.fail(value.key, value.error);
      this.asked();
    }
  }

  rebuild({ turns, status, error }) {
    this.allowed = status?.allowed ?? this.allowed;
    this.signals = status?.signals ?? {};
    this.waiting = [];
    this.unexplained = [];
    this.asking = this.explaining = this.last = null;
    this.thread = new Thread(this, this.empty());
    this.composer = new Composer((text, language) => this.send(text, language));
    this.reply = new Reply({
      allowed: this.allowed,
      report: (source, verdict, text) => this.tell(source.interaction, source.answer, verdict, "", text),
      write: () => this.write(this.last?.question ?? ""),
    });
    this.form = new WriteForm(
      (answer) => call(this.server, "write", answer),
      () => this.reply.say("Saved. The next question like it will find it."),
    );
    const problem = error ? el("p", { class: "rp-error", role: "alert", text: error }) : null;
    this.top = this.bar(status);
    this.root.replaceChildren(
      el("div", { class: "rp-left" }, this.top, this.thread.root, problem, this.composer.root),
      this.reply.root,
      this.form.root,
    );
    for (const turn of turns) {
      this.thread.resolve(turn.id, turn);
      this.thread.settled(turn.id);
      this.last = turn;
    }
    this.composer.open();
    if (matchMedia("(pointer: fine)").matches) this.composer.field.focus({ preventScroll: true });
  }

  bar(status) {
    const facts = status
      ? [`${status.answers.toLocaleString("en")} past answers`, status.adapter ? `${status.base} + ${status.adapter.slice(0, 12)}` : status.base]
      : [];
    return el(
      "div",
      { class: "rp-top" },
      el("span", { class: "rp-fine", text: facts.join(" · ") }),
      button("New conversation", { onclick: () => this.trigger("fresh") }, icon("plus")),
      ...(status?.notices ?? []).map((text) => el("p", { class: "rp-public", text })),
      ...(status?.alarms ?? []).map((text) => el("p", { class: "rp-error rp-alarm", role: "alert", text })),
    );
  }

  empty() {
    const column = ([language, questions]) =>
      el(
        "div",
        { lang: language === "Português" ? "pt-BR" : "en" },
        el("h3", { text: language }),
        ...questions.map((text) => button(text, { class: "rp-example", onclick: () => this.send(text, "auto") })),
      );
    return el(
      "div",
      { class: "rp-empty" },
      el("h2", { text: "What did the customer ask?" }),
      el("p", { text: "Paste it below. You get the answers your team already gave, and why they fit." }),
      el("div", { class: "rp-examples" }, ...Object.entries(EXAMPLES).map(column)),
    );
  }

  // Messages are judged one after the other; several may be sent meanwhile.
  send(text, language) {
    const job = { key: newKey(), text, language };
    this.thread.pending(job.key, text);
    this.waiting.push(job);
    this.next();
  }

  retry(text) {
    this.send(text, this.composer.language.value);
  }

  next() {
    if (!this.asking && this.waiting.length) {
      this.asking = this.waiting.shift();
      this.trigger("ask", this.asking);
      this.watch(this.asking, Date.now());
    }
    if (!this.explaining && !this.halting && this.unexplained.length) {
      this.explaining = { id: this.unexplained.shift(), key: newKey() };
      this.thread.writing(this.explaining.id);
      this.trigger("explain", this.explaining);
    }
    this.composer.judging(Boolean(this.asking));
  }

  watch(job, since) {
    setTimeout(async () => {
      if (this.asking !== job) return;
      const alive = await fetch(new URL("healthz", document.baseURI)).then((reply) => reply.ok, () => false);
      if (this.asking !== job) return;
      if (alive && Date.now() - since < GIVE_UP_MS) this.watch(job, since);
      else this.failed("ask");
    }, LOOK_EVERY_MS);
  }

  asked() {
    this.asking = null;
    this.next();
  }

  explain(id) {
    if (!this.unexplained.includes(id) && this.explaining?.id !== id) this.unexplained.push(id);
    this.next();
  }

  explained(detail) {
    if (detail.key !== this.explaining?.key) return;
    this.thread.reasons(detail);
    if (!detail.done) return;
    this.explaining = null;
    this.next();
  }

  halt() {
    const { id } = this.explaining;
    this.explaining = null;
    this.unexplained = [];
    this.trigger("halt");
    this.thread.settled(id);
    // Gradio reports what was stopped as failed, a little later and without saying what it was.
    this.halting = true;
    setTimeout(() => {
      this.halting = false;
      this.next();
    }, HALT_MS);
  }

  failed(what) {
    if (what === "ask" && this.asking) {
      this.thread.fail(this.asking.key, UNREACHABLE);
      this.asked();
    }
    if (what === "explain" && this.explaining) {
      this.thread.settled(this.explaining.id, UNREACHABLE);
      this.explaining = null;
    }
  }

  use(card) {
    this.reply.use(card);
  }

  vote(card, verdict, note) {
    return this.tell(card.interaction, card.match.id, verdict, note);
  }

  // Resolves to an error's text, or null.
  async tell(interaction_id, answer_id, verdict, note, edited_text = "") {
    if (!this.allowed.feedback) return null;
    const reply = await call(this.server, "feedback", { interaction_id, answer_id, verdict, note, edited_text });
    return reply.ok ? null : reply.error;
  }

  write(question) {
    this.form.open(question, this.reply.text);
  }

  shortcut(event) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code ?? "");
    if (!event.altKey || event.ctrlKey || event.metaKey || !digit) return;
    const card = this.thread?.numbered?.[Number(digit[1]) - 1];
    if (!card || this.root.offsetParent === null || this.form.root.open) return;
    event.preventDefault();
    this.use(card);
  }
}

function newKey() {
  // randomUUID exists on secure addresses only, and a team may serve this in its own network.
  return crypto.randomUUID?.() ?? String(Math.random());
}
