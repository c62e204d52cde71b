// What every module does with the component that it is given.

/** @import { Component } from "./gradio_component.js" */

/**
 * The box that a module fills.
 * @param {HTMLElement} element
 * @returns {HTMLElement}
 */
export function rootOf(element) {
  const root = element.querySelector(".rp-root");
  if (!(root instanceof HTMLElement)) throw new Error("The component has no .rp-root: see assistant/ui/component.py.");
  return root;
}

/**
 * Calls `then` with every new value of a component, also one that was there before we looked.
 * @template {object} Value
 * @param {Pick<Component<Value>, "props" | "watch">} component
 * @param {(value: Value) => void} then
 */
export function follow({ props, watch }, then) {
  /** @type {string | null} */
  let seen = null;
  const look = () => {
    const { value } = props;
    if (value && typeof value === "object" && JSON.stringify(value) !== seen) {
      seen = JSON.stringify(value);
      then(value);
    }
  };
  watch("value", look);
  look();
}
