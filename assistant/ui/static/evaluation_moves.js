// The form that moves a version to another stage. Nothing moves without a reason.
import { button, el, field, table } from "./dom.js";

const TITLES = { production: "Promote to production", staging: "Promote to staging", archive: "Archive", "roll back": "Roll back" };
const WORDS = {
  production: "Agents' questions are judged with it from the app's next start. The version there now is archived.",
  staging: "It stands beside the one in production. The version staged now is archived.",
  archive: "It is no longer used. If it is in production, its task has no version then.",
  "roll back": "The version that was in production before this one comes back.",
};

export class MoveForm {
  // move({digest, move, why, override}) -> Promise<{ok, error} | {ok, checks}>
  constructor(move, moved) {
    Object.assign(this, { move, moved });
    this.title = el("h2", { id: "rp-move-title" });
    this.words = el("p", { class: "rp-fine" });
    this.why = area();
    this.override = area();
    this.overriding = field("Why in spite of that", this.override);
    this.refusal = el("div", { class: "rp-refusal", role: "alert" });
    this.error = el("p", { class: "rp-error", role: "alert" });
    this.submit = el("button", { type: "submit", class: "rp-button rp-primary" });
    const form = el("form", { method: "dialog" }, this.title, this.words, field("Why", this.why), this.refusal, this.error, el("div", { class: "rp-actions" }, this.submit, button("Cancel", { onclick: () => this.root.close() })));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.root = el("dialog", { class: "rp-dialog", "aria-labelledby": "rp-move-title" }, form);
  }

  open(version, move) {
    Object.assign(this, { version, chosen: move });
    this.title.textContent = `${TITLES[move]}: ${version.digest.slice(0, 12)}`;
    this.words.textContent = WORDS[move];
    this.submit.textContent = TITLES[move];
    this.why.value = this.override.value = this.error.textContent = "";
    this.refusal.replaceChildren();
    this.root.showModal();
    this.why.focus();
  }

  async send() {
    this.submit.disabled = true;
    const reply = await this.move({ digest: this.version.digest, move: this.chosen, why: this.why.value, override: this.override.value.trim() });
    this.submit.disabled = false;
    this.error.textContent = reply.ok ? "" : reply.error;
    if (reply.checks) this.refused(reply.checks);
    else if (reply.ok) {
      this.root.close();
      this.moved();
    }
  }

  refused(checks) {
    const row = ({ name, figure, bound, passed }) =>
      el("tr", { class: passed ? "" : "rp-failed" }, el("th", { scope: "row", text: name }), el("td", { text: figure }), el("td", { text: bound }), el("td", {}, el("strong", { text: passed ? "passed" : "failed" })));
    this.refusal.replaceChildren(
      el("p", { class: "rp-notice", text: "The gate refuses it. Measure what is missing, take a better version, or say why this one goes all the same." }),
      table(["Check", "Figure", "Bound", ""], el("tbody", {}, checks.map(row))),
      this.overriding,
    );
    this.submit.textContent = `${TITLES[this.chosen]} all the same`;
    this.override.required = true;
    this.override.focus();
  }
}

const area = () => el("textarea", { class: "rp-input", rows: "3", required: true, maxlength: "1000" });
