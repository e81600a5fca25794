// Elements without markup in strings: what a customer's cell holds is only ever text.
import { write } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

// attributes: as in HTML; `word` (and `values`) is a text that follows the language, `on` holds listeners.
export function element(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

export function drawing(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

function furnish(node, { word, values, on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  if (word !== undefined) write(node, word, values);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

// A file that the browser saves.
export function save(name, text, type = "text/csv;charset=utf-8") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
