// The form that moves a version to another stage. Nothing moves without a reason.
import { button, el, field, table } from "./dom.js";
import { short } from "./evaluation_words.js";
import { EFFECTS, TITLES } from "./move_words.js";

/** @import { Check, Move, MoveReply, MoveRequest, Version } from "./evaluation_records.js" */
/** @import { Reply } from "./gradio_component.js" */

export class MoveForm {
  // What the form is open for.
  /** @type {Version} */
  version;
  /** @type {Move} */
  chosen;

  /**
   * @param {(request: MoveRequest) => Promise<Reply<MoveReply>>} move
   * @param {() => void} moved
   */
  constructor(move, moved) {
    this.move = move;
    this.moved = moved;
    this.title = el("h2", { id: "rp-move-title" });
    this.words = el("p", { class: "rp-fine" });
    this.why = area();
    this.override = area();
    this.overriding = field("Why promote it anyway", this.override);
    this.refusal = el("div", { class: "rp-refusal", role: "alert" });
    this.error = el("p", { class: "rp-error", role: "alert" });
    this.submit = el("button", { type: "submit", class: "rp-button rp-primary" });
    const cancel = button("Cancel", { onclick: () => this.root.close() });
    const form = el(
      "form",
      { method: "dialog" },
      this.title,
      this.words,
      field("Why", this.why),
      this.refusal,
      this.error,
      el("div", { class: "rp-actions" }, this.submit, cancel),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    /** @type {HTMLDialogElement} */
    this.root = el("dialog", { class: "rp-dialog", "aria-labelledby": "rp-move-title" }, form);
  }

  /**
   * @param {Version} version
   * @param {Move} move
   */
  open(version, move) {
    this.version = version;
    this.chosen = move;
    this.title.textContent = `${TITLES[move]}: ${short(version.digest)}`;
    this.words.textContent = EFFECTS[move];
    this.submit.textContent = TITLES[move];
    this.why.value = "";
    this.override.value = "";
    this.error.textContent = "";
    this.refusal.replaceChildren();
    this.root.showModal();
    this.why.focus();
  }

  async send() {
    this.submit.disabled = true;
    const reply = await this.move({
      digest: this.version.digest,
      move: this.chosen,
      why: this.why.value,
      override: this.override.value.trim(),
    });
    this.submit.disabled = false;
    this.error.textContent = reply.ok ? "" : reply.error;
    if (!reply.ok) return;
    if (reply.checks) this.refused(reply.checks);
    else {
      this.root.close();
      this.moved();
    }
  }

  /** @param {Check[]} checks */
  refused(checks) {
    const row = (/** @type {Check} */ { name, figure, bound, passed }) =>
      el(
        "tr",
        { class: passed ? "" : "rp-failed" },
        el("th", { scope: "row", text: name }),
        el("td", { text: figure }),
        el("td", { text: bound }),
        el("td", {}, el("strong", { text: passed ? "passed" : "failed" })),
      );
    const text =
      "The gate refuses this version. Measure what is missing, choose a better version, or say why this one should " +
      "be promoted anyway.";
    this.refusal.replaceChildren(
      el("p", { class: "rp-notice", text }),
      table(["Check", "Figure", "Bound", ""], el("tbody", {}, checks.map(row))),
      this.overriding,
    );
    this.submit.textContent = `${TITLES[this.chosen]} anyway`;
    this.override.required = true;
    this.override.focus();
  }
}

const area = () => el("textarea", { class: "rp-input", rows: "3", required: true, maxlength: "1000" });
