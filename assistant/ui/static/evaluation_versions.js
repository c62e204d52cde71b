// Model versions: where each stands, how it learned, what happened to it, and what to do with it.
import { reaching } from "./axes.js";
import { lineChart } from "./charts.js";
import { button, el, problem, table } from "./dom.js";
import { MoveForm } from "./evaluation_moves.js";
import { factsList } from "./evaluation_parts.js";
import { count, dateOf, flatMetrics, momentOf, STAGES, short, TASKS, titleOf } from "./evaluation_words.js";

/** @import { Evaluation } from "./evaluation.js" */
/** @import { Move, Point, Stage, StageEvent, Version } from "./evaluation_records.js" */

export class Versions {
  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
    /** @type {string | null} */
    this.open = null;
    this.detail = el("div");
    this.form = new MoveForm(
      (request) => tab.call("move", request),
      () => tab.again(),
    );
  }

  /** @param {HTMLElement} place */
  async draw(place) {
    const versions = this.tab.versions.filter((one) => one.task === this.tab.task);
    if (!versions.length) {
      const text = "No version of this task is registered: add one with `python -m training.registry add FOLDER`.";
      place.replaceChildren(el("p", { class: "rp-fine", text }));
      return;
    }
    const used = versions.find((one) => one.stage === "production") ?? versions[0];
    const shown = versions.find((one) => one.digest === this.open) ?? used;
    this.open = shown.digest;
    this.detail = el("div");
    const rows = versions.map((one) => this.row(one, place));
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("h3", { text: `Versions for “${TASKS[this.tab.task]}”` }),
        table(["Version", "Stage", "Base", "Trained", "Reports"], el("tbody", {}, rows)),
      ),
      this.detail,
      this.form.root,
    );
    await this.show(shown);
  }

  /**
   * @param {Version} version
   * @param {HTMLElement} place
   */
  row(version, place) {
    const isOpen = version.digest === this.open;
    const names = [el("strong", { text: version.name }), el("code", { text: short(version.digest) })];
    const opener = el("button", { type: "button", class: "rp-version", "aria-pressed": String(isOpen) }, names);
    opener.addEventListener("click", () => {
      this.open = version.digest;
      this.draw(place);
    });
    return el(
      "tr",
      { class: isOpen ? "rp-open" : "" },
      el("th", { scope: "row" }, opener),
      el("td", {}, badge(version.stage)),
      el("td", { text: version.base }),
      el("td", { text: dateOf(version.created) }),
      el("td", { class: "rp-number", text: count(this.reportsOf(version).length) }),
    );
  }

  /** @param {Version} version */
  reportsOf(version) {
    return this.tab.reports.filter((report) => report.model.version === version.digest);
  }

  /** @param {Version} version */
  async show(version) {
    const found = await this.tab.call("version", { digest: version.digest });
    if (this.open !== version.digest) return;
    if (!found.ok) {
      this.detail.replaceChildren(problem(found.error));
      return;
    }
    const title = el("h3", {}, `${found.name} `, el("code", { text: short(found.digest) }));
    const reports = this.reportsOf(version).map((one) =>
      el("li", { text: `Report on ${one.data.name}: ${titleOf(one)}, ${dateOf(one.created)}` }),
    );
    this.detail.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("div", { class: "rp-slider-row" }, title, badge(found.stage)),
        this.tab.manage ? this.actions(found) : null,
        el(
          "div",
          { class: "rp-two" },
          el("div", {}, facts(found), reports.length ? el("ul", { class: "rp-fine" }, reports) : null),
          losses(found.losses),
        ),
        el("h4", { text: "History" }),
        el("ol", { class: "rp-events" }, found.events.map(event)),
      ),
    );
  }

  /** @param {Version} version */
  actions(version) {
    const { stage } = version;
    const act = (/** @type {string} */ label, /** @type {Move} */ move, css = "") =>
      button(label, { class: css, onclick: () => this.form.open(version, move) });
    const isUsed = stage === "production";
    return el(
      "div",
      { class: "rp-actions" },
      isUsed ? null : act("Promote to production", "production", "rp-primary"),
      isUsed || stage === "staging" ? null : act("Promote to staging", "staging"),
      stage === "archived" ? null : act("Archive", "archive"),
      isUsed ? act("Roll back to the previous version", "roll back") : null,
    );
  }
}

/** @param {Stage} name */
const badge = (name) => el("span", { class: `rp-badge rp-stage-${name}`, text: STAGES[name] });

/** @param {Version} version */
function facts(version) {
  return factsList({
    Digest: version.digest,
    Base: version.base,
    "Came from": version.origin,
    Trained: momentOf(version.created),
    Added: momentOf(version.added),
    ...Object.fromEntries(flatMetrics(version.metrics)),
  });
}

/** @param {Record<string, Point[]>} curves */
function losses(curves) {
  const series = Object.entries(curves).map(([name, points]) => ({ name, points, dots: points.length < 10 }));
  if (!series.length) return el("p", { class: "rp-fine", text: "Its training left no loss curve." });
  const all = series.flatMap((one) => one.points);
  const steps = all.map(([step]) => step);
  const values = all.map(([, loss]) => loss);
  return lineChart({
    title: "Loss while it was trained",
    x: reaching("Step", steps, (value) => count(Math.round(value))),
    y: reaching("Loss", values, (value) => value.toFixed(2)),
    series,
  });
}

/** @param {StageEvent} event */
function event({ action, before, after, who, why, at, published }) {
  const way = before && before !== after ? `${before} → ${after}` : after;
  const by = el("span", { class: "rp-fine", text: `by ${who}, ${momentOf(at)}` });
  const reason = published ? `${why} (${published})` : why;
  return el("li", {}, el("p", {}, el("strong", { text: action }), ` ${way} `, by), el("p", { text: reason }));
}
