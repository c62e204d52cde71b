// Carries the reasons of one turn, as they are written, to the thread.
import { follow } from "./dom.js";

export function start(component) {
  follow(component, (detail) => window.dispatchEvent(new CustomEvent("resposta:reasons", { detail })));
}
