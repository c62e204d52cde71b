// A row of tabs that the arrow keys walk along.
import { el } from "./dom.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/** @param {string} label */
export function tabBar(label) {
  const bar = el("div", { class: "rp-tabs", role: "tablist", "aria-label": label });
  const tabs = () => /** @type {HTMLElement[]} */ ([...bar.children]);
  bar.addEventListener("keydown", ({ key }) => {
    const step = STEPS[key];
    if (!step) return;
    const now = tabs().indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = (now + step + tabs().length) % tabs().length;
    // The click draws the tabs anew.
    tabs()[next].click();
    tabs()[next].focus();
  });
  return bar;
}

/**
 * @param {HTMLElement} bar
 * @param {Record<string, string>} names the tabs' words by their names
 * @param {string} open the name of the tab that is open
 * @param {(name: string) => void} choose
 */
export function drawTabs(bar, names, open, choose) {
  const tab = (/** @type {[string, string]} */ [name, text]) =>
    el("button", {
      type: "button",
      role: "tab",
      class: "rp-tab",
      "aria-selected": String(name === open),
      tabindex: name === open ? "0" : "-1",
      onclick: () => choose(name),
      text,
    });
  bar.replaceChildren(...Object.entries(names).map(tab));
}
