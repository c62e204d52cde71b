// Figures side by side, the curves behind them, and where each report comes from.
import { lineChart, swatch, unit } from "./charts.js";
import { button, el, LANGUAGES, table } from "./dom.js";
import { count, figure, LOWER, MEASURES, momentOf, titleOf } from "./evaluation_words.js";

const OUTCOMES = { right: "right", "partly right": "partly right", wrong: "wrong", missed: "missed" };

export class Figures {
  constructor(tab) {
    this.tab = tab;
  }

  draw(place, reports) {
    const { language } = this.tab;
    place.replaceChildren(
      this.table(reports, language),
      this.tab.task === "question-similarity" ? charts(reports, language) : outcomes(reports),
      el("div", { class: "rp-sources" }, reports.map((one, number) => this.source(one, number))),
    );
  }

  table(reports, language) {
    const figures = (one) => (language === "all" ? one.figures : (one.by_language[language] ?? {}));
    // All its rows may be in the chosen language.
    const whole = (one) => language === "all" || one.data.languages[language] === one.data.measured;
    const present = new Set(reports.flatMap((one) => Object.keys(figures(one)).filter((name) => name !== "rows")));
    const names = [...Object.keys(MEASURES).filter((name) => present.has(name)), ...[...present].filter((name) => !(name in MEASURES))];
    if (!names.length) return el("p", { class: "rp-fine", text: `No row of these reports is in ${LANGUAGES[language]}.` });
    const best = (name) => {
      const values = reports.filter((one) => !one.branded).map((one) => figures(one)[name]).filter((value) => typeof value === "number");
      return values.length > 1 ? (LOWER.has(name) ? Math.min(...values) : Math.max(...values)) : null;
    };
    const cell = (one, name, most) => {
      const value = figures(one)[name];
      const [low, high] = (whole(one) ? one.intervals[name] : one.detail.intervals_by_language?.[language]?.[name]) ?? [];
      return el(
        "td",
        { class: `rp-number${value === most && !one.branded ? " rp-best" : ""}` },
        el("span", { text: name === "unreadable" ? count(value ?? 0) : figure(value) }),
        low === undefined ? null : el("small", { text: `${figure(low)} – ${figure(high)}` }),
      );
    };
    const row = (name) => {
      const most = best(name);
      return el("tr", {}, el("th", { scope: "row" }, MEASURES[name] ?? name.replaceAll("_", " "), LOWER.has(name) ? el("small", { text: "lower is better" }) : null), reports.map((one) => cell(one, name, most)));
    };
    const rows = (one) => (language === "all" ? one.data.measured : (one.data.languages[language] ?? 0));
    return el(
      "section",
      { class: "rp-panel" },
      el("h3", { text: language === "all" ? "Figures with 95 % intervals" : `Figures on ${LANGUAGES[language]} rows` }),
      table(
        ["", ...reports.map((one, number) => [swatch(number), titleOf(one)])],
        el("tbody", {}, names.map(row), el("tr", {}, el("th", { scope: "row", text: "Rows" }), reports.map((one) => el("td", { class: "rp-number", text: count(rows(one)) })))),
        "rp-figures",
      ),
    );
  }

  source(one, number) {
    const { model, data, cost, packages, leaks } = one;
    const facts = {
      System: one.system,
      Version: model.version?.slice(0, 12),
      Name: model.name,
      Stage: model.stage,
      Base: model.base,
      Device: model.device,
      Data: `${data.name}, ${count(data.rows)} rows${data.sha256 ? ` (${data.sha256.slice(0, 8)})` : ""}`,
      "Left out": leaks.dropped?.length ? `${count(leaks.dropped.length)} rows that nearly equal training rows` : null,
      Threshold: one.task === "question-similarity" ? figure(one.threshold) : null,
      Measured: one.created ? momentOf(one.created) : null,
      Code: one.commit?.slice(0, 12),
      Cost: numbers(cost),
      "In the app": shownByTheApp(one.detail.app),
      Reasons: reasons(one.detail.reasons),
      Packages: Object.entries(packages).map(([name, version]) => `${name} ${version}`).join(", "),
    };
    const said = el("p", { class: "rp-error", role: "status" });
    const files = this.tab.reports.find((known) => known.id === one.id)?.files ?? [];
    return el(
      "section",
      { class: "rp-panel" },
      el("h3", {}, swatch(number), titleOf(one)),
      el("dl", { class: "rp-facts-list" }, Object.entries(facts).filter(([, value]) => value).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])),
      classes(one.detail.classes),
      el("div", { class: "rp-actions" }, files.map((file) => button(`Download ${file}`, { class: "rp-quiet", onclick: () => this.download(one, file, said) }))),
      said,
    );
  }

  async download(one, file, said) {
    const found = await this.tab.call("download", { id: one.id, file });
    said.textContent = found.ok ? "" : found.error;
    if (!found.ok) return;
    const address = URL.createObjectURL(new Blob([found.text], { type: file.endsWith(".html") ? "text/html" : "application/json" }));
    const name = [one.system, one.model.version?.slice(0, 8), one.data.name, file].filter(Boolean).join("-").replace(/[^\w.-]+/g, "-");
    el("a", { href: address, download: name }).click();
    URL.revokeObjectURL(address);
  }
}

function charts(reports, language) {
  const found = reports.map((one, color) => ({ name: titleOf(one), color, curves: one.curves[language] })).filter((one) => one.curves);
  const lines = (key, more = {}) => found.map(({ name, color, curves }) => ({ name, color, points: curves[key], ...more }));
  return el(
    "div",
    { class: "rp-charts" },
    lineChart({ title: "ROC curve", x: unit("False match rate"), y: unit("Share of matches found"), series: lines("roc"), diagonal: true, empty: "Needs rows of both kinds." }),
    lineChart({ title: "Precision and recall", x: unit("Recall"), y: unit("Precision"), series: lines("precision_recall"), empty: "Needs a row that is the same." }),
    lineChart({ title: "Reliability", x: unit("Mean P(same)"), y: unit("Share that is the same"), series: lines("reliability", { dots: true, note: (point) => `(${count(point[2])} rows)` }), diagonal: true }),
  );
}

function numbers(named) {
  const found = Object.entries(named).filter(([, value]) => typeof value === "number");
  const said = (name, value) => (name.endsWith("_bytes") ? `${(value / 2 ** 30).toFixed(2)} GiB` : Number(value.toPrecision(4)).toLocaleString("en"));
  return found.map(([name, value]) => `${name.replace(/_bytes$/, "").replaceAll("_", " ")} ${said(name, value)}`).join(", ");
}

// What the app's own threshold does to these rows.
function shownByTheApp(languages) {
  const said = ([language, { threshold, precision, recall }]) => `${LANGUAGES[language]} shown from ${figure(threshold)} on: precision ${precision === null ? "–" : figure(precision)}, recall ${figure(recall)}`;
  return Object.entries(languages ?? {}).map(said).join("; ");
}

function reasons(found) {
  if (!found) return null;
  const words = {
    agrees_with_verdict: "argue for the verdict",
    agrees_with_label: "argue for the label",
    quoted_words_found: "of the quoted words are the questions'",
    repetitive: "repeat themselves",
    in_language: "are in the question's language",
  };
  const known = Object.entries(words).filter(([name]) => typeof found[`written.${name}`] === "number");
  const shares = known.map(([name, said]) => `${Math.round(100 * found[`written.${name}`])} % ${said}`);
  return [`${count(found["shown.reasons"])} of ${count(found["written.reasons"])} shown`, ...shares].join(", ");
}

function outcomes(reports) {
  const bar = (one, number) => {
    const all = Object.values(one.outcomes).reduce((sum, value) => sum + value, 0) || 1;
    const parts = Object.entries(OUTCOMES).map(([name, words]) => ({ name, words, rows: one.outcomes[name] }));
    return el(
      "div",
      { class: "rp-outcome" },
      el("p", {}, swatch(number), titleOf(one)),
      el("div", { class: "rp-stack", "aria-hidden": "true" }, parts.map((part) => el("span", { class: `rp-part-${part.name.replace(" ", "-")}`, style: `width: ${(part.rows / all) * 100}%` }))),
      el("p", { class: "rp-legend" }, parts.map((part) => el("span", {}, el("span", { class: `rp-swatch rp-part-${part.name.replace(" ", "-")}`, "aria-hidden": "true" }), `${count(part.rows)} ${part.words}`))),
    );
  };
  return el("section", { class: "rp-panel" }, el("h3", { text: "Answers" }), reports.map(bar));
}

function classes(report) {
  if (!report) return null;
  const columns = ["precision", "recall", "f1-score", "support"];
  const rows = Object.entries(report).filter(([, value]) => value && typeof value === "object");
  const shown = (value, name) => (name === "support" ? count(value) : figure(value));
  return el(
    "details",
    { class: "rp-as-table" },
    el("summary", { text: "By class" }),
    table(
      ["", ...columns],
      el("tbody", {}, rows.map(([name, values]) => el("tr", {}, el("th", { scope: "row", text: name }), columns.map((column) => el("td", { class: "rp-number", text: shown(values[column], column) }))))),
    ),
  );
}
