// Figures side by side, the curves behind them, and where each report comes from.
import { swatch } from "./charts.js";
import { button, el, table } from "./dom.js";
import { charts, classes, outcomes } from "./evaluation_charts.js";
import { factsOf } from "./evaluation_facts.js";
import { factsList } from "./evaluation_parts.js";
import { count, figure, LOWER, MEASURES, titleOf } from "./evaluation_words.js";
import { LANGUAGES } from "./wording.js";

/** @import { Evaluation, LanguageChoice } from "./evaluation.js" */
/** @import { Figures as Named, Report, ReportFile } from "./evaluation_records.js" */

export class Figures {
  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
  }

  /**
   * @param {HTMLElement} place
   * @param {Report[]} reports
   */
  async draw(place, reports) {
    const { language, task } = this.tab;
    const sources = reports.map((one, number) => this.source(one, number));
    place.replaceChildren(
      figuresTable(reports, language),
      task === "question-similarity" ? charts(reports, language) : outcomes(reports),
      el("div", { class: "rp-sources" }, sources),
    );
  }

  /**
   * @param {Report} one
   * @param {number} number
   */
  source(one, number) {
    const said = el("p", { class: "rp-error", role: "status" });
    const files = this.tab.reports.find((known) => known.id === one.id)?.files ?? [];
    const download = (/** @type {ReportFile} */ file) =>
      button(`Download ${file}`, { class: "rp-quiet", onclick: () => this.download(one, file, said) });
    return el(
      "section",
      { class: "rp-panel" },
      el("h3", {}, swatch(number), titleOf(one)),
      factsList(factsOf(one)),
      one.detail.classes ? classes(one.detail.classes) : null,
      el("div", { class: "rp-actions" }, files.map(download)),
      said,
    );
  }

  /**
   * @param {Report} one
   * @param {ReportFile} file
   * @param {HTMLElement} said
   */
  async download(one, file, said) {
    const found = await this.tab.call("download", { id: one.id, file });
    said.textContent = found.ok ? "" : found.error;
    if (!found.ok) return;
    const type = file.endsWith(".html") ? "text/html" : "application/json";
    const address = URL.createObjectURL(new Blob([found.text], { type }));
    const parts = [one.system, one.model.version?.slice(0, 8), one.data.name, file];
    const name = parts
      .filter(Boolean)
      .join("-")
      .replace(/[^\w.-]+/g, "-");
    el("a", { href: address, download: name }).click();
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {Report[]} reports
 * @param {LanguageChoice} language
 */
function figuresTable(reports, language) {
  const figures = (/** @type {Report} */ one) => (language === "all" ? one.figures : (one.by_language[language] ?? {}));
  const names = namesOf(reports.map(figures));
  if (language !== "all" && !names.length) {
    return el("p", { class: "rp-fine", text: `No row of these reports is in ${LANGUAGES[language]}.` });
  }
  const row = (/** @type {string} */ name) => {
    const best = bestOf(name, reports.filter((one) => !one.branded).map(figures));
    const hint = LOWER.has(name) ? el("small", { text: "lower is better" }) : null;
    const cells = reports.map((one) => {
      const value = figures(one)[name];
      const isBest = best !== null && value === best && !one.branded;
      const [low, high] = intervalOf(one, language, name) ?? [];
      return el(
        "td",
        { class: `rp-number${isBest ? " rp-best" : ""}` },
        el("span", { text: name === "unreadable" ? count(value ?? 0) : figure(value) }),
        low === undefined ? null : el("small", { text: `${figure(low)} – ${figure(high)}` }),
      );
    });
    return el("tr", {}, el("th", { scope: "row" }, MEASURES[name] ?? name.replaceAll("_", " "), hint), cells);
  };
  const rows = (/** @type {Report} */ { data }) =>
    language === "all" ? data.measured : (data.languages[language] ?? 0);
  const counts = reports.map((one) => el("td", { class: "rp-number", text: count(rows(one)) }));
  const last = el("tr", {}, el("th", { scope: "row", text: "Rows" }), counts);
  const heads = reports.map((one, number) => [swatch(number), titleOf(one)]);
  const title = language === "all" ? "Figures with 95 % intervals" : `Figures on ${LANGUAGES[language]} rows`;
  return el(
    "section",
    { class: "rp-panel" },
    el("h3", { text: title }),
    table(["", ...heads], el("tbody", {}, names.map(row), last), "rp-figures"),
  );
}

/**
 * The measures that any of the reports has, in our order; unknown ones last.
 * @param {Named[]} all
 */
function namesOf(all) {
  const present = new Set(all.flatMap((figures) => Object.keys(figures).filter((name) => name !== "rows")));
  const known = Object.keys(MEASURES).filter((name) => present.has(name));
  return [...known, ...[...present].filter((name) => !(name in MEASURES))];
}

/**
 * The best of several values; null where there is nothing to compare.
 * @param {string} name
 * @param {Named[]} all
 */
function bestOf(name, all) {
  const values = all.map((figures) => figures[name]).filter((value) => typeof value === "number");
  if (values.length < 2) return null;
  return LOWER.has(name) ? Math.min(...values) : Math.max(...values);
}

/**
 * @param {Report} one
 * @param {LanguageChoice} language
 * @param {string} name
 */
function intervalOf(one, language, name) {
  // All its rows may be in the chosen language.
  const isWhole = language === "all" || one.data.languages[language] === one.data.measured;
  return isWhole ? one.intervals[name] : one.detail.intervals_by_language?.[language]?.[name];
}
