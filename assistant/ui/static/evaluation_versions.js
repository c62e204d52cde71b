// Model versions: where each stands, how it learned, what happened to it, and what to do with it.
import { lineChart, reaching } from "./charts.js";
import { button, el, table } from "./dom.js";
import { MoveForm } from "./evaluation_moves.js";
import { count, dateOf, figure, momentOf, TASKS, titleOf } from "./evaluation_words.js";

const STAGES = { production: "in production", staging: "staging", candidate: "candidate", archived: "archived" };

export class Versions {
  constructor(tab) {
    Object.assign(this, { tab, open: null });
    this.form = new MoveForm((request) => tab.call("move", request), () => tab.again());
  }

  async draw(place) {
    const versions = this.tab.versions.filter((one) => one.task === this.tab.task);
    if (!versions.length) {
      place.replaceChildren(el("p", { class: "rp-fine", text: "No version of this task is registered yet: add one with `python -m training.registry add`." }));
      return;
    }
    if (!versions.some((one) => one.digest === this.open)) this.open = (versions.find((one) => one.stage === "production") ?? versions[0]).digest;
    this.detail = el("div");
    const row = (one) => {
      const opener = el("button", { type: "button", class: "rp-version", "aria-pressed": String(one.digest === this.open) }, el("strong", { text: one.name }), el("code", { text: one.digest.slice(0, 12) }));
      opener.addEventListener("click", () => {
        this.open = one.digest;
        this.draw(place);
      });
      const mine = this.tab.reports.filter((report) => report.model.version === one.digest).length;
      return el(
        "tr",
        { class: one.digest === this.open ? "rp-open" : "" },
        el("th", { scope: "row" }, opener),
        el("td", {}, stage(one.stage)),
        el("td", { text: one.base }),
        el("td", { text: dateOf(one.created) }),
        el("td", { class: "rp-number", text: count(mine) }),
      );
    };
    place.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("h3", { text: `Versions for “${TASKS[this.tab.task]}”` }),
        table(["Version", "Stage", "Base", "Trained", "Reports"], el("tbody", {}, versions.map(row))),
      ),
      this.detail,
      this.form.root,
    );
    await this.show(versions.find((one) => one.digest === this.open));
  }

  async show(version) {
    const found = await this.tab.call("version", { digest: version.digest });
    if (this.open !== version.digest) return;
    if (!found.ok) {
      this.detail.replaceChildren(el("p", { class: "rp-error", role: "alert", text: found.error }));
      return;
    }
    const reports = this.tab.reports.filter((report) => report.model.version === version.digest);
    this.detail.replaceChildren(
      el(
        "section",
        { class: "rp-panel" },
        el("div", { class: "rp-slider-row" }, el("h3", {}, `${found.name} `, el("code", { text: found.digest.slice(0, 12) })), stage(found.stage)),
        this.tab.manage ? this.actions(found) : null,
        el(
          "div",
          { class: "rp-two" },
          el("div", {}, facts(found), reports.length ? el("ul", { class: "rp-fine" }, reports.map((one) => el("li", { text: `Report on ${one.data.name}: ${titleOf(one)}, ${dateOf(one.created)}` }))) : null),
          losses(found.losses),
        ),
        el("h4", { text: "What happened to it" }),
        el("ol", { class: "rp-events" }, found.events.map(event)),
      ),
    );
  }

  actions(version) {
    const act = (label, move, primary = false) => button(label, { class: primary ? "rp-primary" : "", onclick: () => this.form.open(version, move) });
    const possible = [
      version.stage === "production" ? null : act("Promote to production", "production", true),
      ["production", "staging"].includes(version.stage) ? null : act("Promote to staging", "staging"),
      version.stage === "archived" ? null : act("Archive", "archive"),
      version.stage === "production" ? act("Roll back to the one before", "roll back") : null,
    ];
    return el("div", { class: "rp-actions" }, possible);
  }
}

const stage = (name) => el("span", { class: `rp-badge rp-stage-${name}`, text: STAGES[name] ?? name });

function facts(version) {
  const known = {
    Digest: version.digest,
    Base: version.base,
    "Came from": version.origin,
    Trained: momentOf(version.created),
    Added: momentOf(version.added),
    ...Object.fromEntries(flat(version.metrics)),
  };
  return el("dl", { class: "rp-facts-list" }, Object.entries(known).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
}

// Single numbers of a nested object, each under its whole name; whole numbers are counts.
function flat(metrics, before = "") {
  return Object.entries(metrics).flatMap(([name, value]) => {
    const whole = `${before}${name.replaceAll("_", " ")}`;
    if (typeof value === "number") return [[whole, Number.isInteger(value) ? count(value) : figure(value)]];
    return value && typeof value === "object" && !Array.isArray(value) ? flat(value, `${whole} `) : [];
  });
}

function losses(curves) {
  const series = Object.entries(curves).map(([name, points], color) => ({ name, points, color, dots: points.length < 10 }));
  if (!series.length) return el("p", { class: "rp-fine", text: "Its training left no loss curve." });
  const all = series.flatMap((one) => one.points);
  return lineChart({
    title: "Loss while it was trained",
    x: reaching("Step", all.map(([step]) => step), (value) => count(Math.round(value))),
    y: reaching("Loss", all.map(([, loss]) => loss), (value) => value.toFixed(2)),
    series,
  });
}

function event({ action, before, after, who, why, at, published }) {
  const way = before && before !== after ? `${before} → ${after}` : after;
  return el("li", {}, el("p", {}, el("strong", { text: action }), ` ${way} `, el("span", { class: "rp-fine", text: `by ${who}, ${momentOf(at)}` })), el("p", { text: published ? `${why} (${published})` : why }));
}
