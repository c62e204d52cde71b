// Carries what a search of the library found to the Read tab.
import { follow } from "./dom.js";

export function start(component) {
  follow(component, (detail) => window.dispatchEvent(new CustomEvent("resposta:found", { detail })));
}
