// The Desk tab: wires composer, thread, reply and form to the server.
import { follow, rootOf } from "./component.js";
import { Composer } from "./composer.js";
import { el, problem } from "./dom.js";
import { Reply } from "./reply.js";
import { call, UNREACHABLE } from "./server.js";
import { statusBar } from "./status_bar.js";
import { Thread } from "./thread.js";
import { welcome } from "./welcome.js";
import { WriteForm } from "./write.js";

/** @import { Card } from "./card.js" */
/** @import { Component } from "./gradio_component.js" */
/** @import { Allowed, AskRequest, DeskEvents, DeskFunctions, ExplainRequest, FailedMessage } from "./records.js" */
/** @import { ReasonsMessage, ThreadMessage, Turn, TurnMessage, Verb } from "./records.js" */

/** @typedef {ThreadMessage | TurnMessage | FailedMessage} Message */
/** @typedef {Component<Message, DeskEvents, DeskFunctions>} DeskComponent */

// A call that got lost (the server was restarted) never answers; one that waits its turn does.
const LOOK_EVERY_MS = 5000;
const GIVE_UP_MS = 180000;
const HALT_MS = 1500;

/** @param {DeskComponent} component */
export function start(component) {
  const desk = new Desk(component, rootOf(component.element));
  follow(component, (value) => desk.receive(value));
}

class Desk {
  // Made anew with every conversation.
  /** @type {Thread} */
  thread;
  /** @type {Composer} */
  composer;
  /** @type {Reply} */
  reply;
  /** @type {WriteForm} */
  form;
  /** @type {HTMLElement} */
  top;

  /** @type {Allowed} */
  allowed = { feedback: false, write: false };
  /** @type {Partial<Record<string, string[]>>} */
  signals = {};
  /** @type {AskRequest[]} */
  waiting = [];
  /** @type {AskRequest | null} */
  asking = null;
  /** @type {string[]} */
  unexplained = [];
  /** @type {ExplainRequest | null} */
  explaining = null;
  halting = false;
  /** @type {Turn | null} */
  last = null;

  /**
   * @param {Pick<DeskComponent, "trigger" | "server">} component
   * @param {HTMLElement} root
   */
  constructor({ trigger, server }, root) {
    this.trigger = trigger;
    this.server = server;
    this.root = root;
    window.addEventListener("resposta:reasons", ({ detail }) => this.explained(detail));
    window.addEventListener("resposta:failed", ({ detail }) => this.failed(detail));
    document.addEventListener("keydown", (event) => this.shortcut(event));
  }

  /** @param {Message} value */
  receive(value) {
    if (value.kind === "thread") this.rebuild(value);
    if (value.kind === "turn" && value.key === this.asking?.key) {
      const bar = statusBar(value.status, () => this.trigger("fresh"));
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

  /** @param {ThreadMessage} message */
  rebuild({ turns, status, error }) {
    this.allowed = status?.allowed ?? this.allowed;
    this.signals = status?.signals ?? {};
    this.waiting = [];
    this.unexplained = [];
    this.asking = this.explaining = this.last = null;
    this.thread = new Thread(
      this,
      welcome((text) => this.send(text, "auto")),
    );
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
    this.top = statusBar(status, () => this.trigger("fresh"));
    const told = error ? problem(error) : null;
    this.root.replaceChildren(
      el("div", { class: "rp-left" }, this.top, this.thread.root, told, this.composer.root),
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

  /**
   * Messages are judged one after the other; several may be sent meanwhile.
   * @param {string} text
   * @param {string} language
   */
  send(text, language) {
    const job = { key: newKey(), text, language };
    this.thread.pending(job.key, text);
    this.waiting.push(job);
    this.next();
  }

  /** @param {string} text */
  retry(text) {
    this.send(text, this.composer.language.value);
  }

  next() {
    const [job] = this.waiting;
    if (!this.asking && job) {
      this.waiting.shift();
      this.asking = job;
      this.trigger("ask", job);
      this.watch(job, Date.now());
    }
    const [id] = this.unexplained;
    if (!this.explaining && !this.halting && id) {
      this.unexplained.shift();
      this.explaining = { id, key: newKey() };
      this.thread.writing(id);
      this.trigger("explain", this.explaining);
    }
    this.composer.judging(Boolean(this.asking));
  }

  /**
   * Gives up on a call that the server no longer knows, and on one that takes too long.
   * @param {AskRequest} job
   * @param {number} since milliseconds
   */
  watch(job, since) {
    setTimeout(async () => {
      if (this.asking !== job) return;
      const isAlive = await fetch(new URL("healthz", document.baseURI)).then(
        (reply) => reply.ok,
        () => false,
      );
      if (this.asking !== job) return;
      if (isAlive && Date.now() - since < GIVE_UP_MS) this.watch(job, since);
      else this.failed("ask");
    }, LOOK_EVERY_MS);
  }

  asked() {
    this.asking = null;
    this.next();
  }

  /** @param {string} id */
  explain(id) {
    if (!this.unexplained.includes(id) && this.explaining?.id !== id) this.unexplained.push(id);
    this.next();
  }

  /** @param {ReasonsMessage} detail */
  explained(detail) {
    if (detail.key !== this.explaining?.key) return;
    this.thread.reasons(detail);
    if (!detail.done) return;
    this.explaining = null;
    this.next();
  }

  halt() {
    if (!this.explaining) return;
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

  /** @param {WindowEventMap["resposta:failed"]["detail"]} what */
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

  /** @param {Card} card */
  use(card) {
    this.reply.use(card);
  }

  /**
   * @param {Card} card
   * @param {Verb} verdict
   * @param {string} note
   */
  vote(card, verdict, note) {
    return this.tell(card.interaction, card.match.id, verdict, note);
  }

  /**
   * Resolves to an error's text, or null.
   * @param {string} interaction_id
   * @param {string} answer_id
   * @param {Verb} verdict
   * @param {string} note
   * @param {string} [edited_text]
   * @returns {Promise<string | null>}
   */
  async tell(interaction_id, answer_id, verdict, note, edited_text = "") {
    if (!this.allowed.feedback) return null;
    const reply = await call(this.server, "feedback", { interaction_id, answer_id, verdict, note, edited_text });
    return reply.ok ? null : reply.error;
  }

  /** @param {string} question */
  write(question) {
    this.form.open(question, this.reply.text);
  }

  /** @param {KeyboardEvent} event */
  shortcut(event) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code ?? "");
    if (!event.altKey || event.ctrlKey || event.metaKey || !digit) return;
    const card = this.thread?.numbered[Number(digit[1]) - 1];
    if (!card || this.root.offsetParent === null || this.form.root.open) return;
    event.preventDefault();
    this.use(card);
  }
}

function newKey() {
  // randomUUID exists on secure addresses only, and a team may serve this in its own network.
  return crypto.randomUUID?.() ?? String(Math.random());
}
