// The language that is shown, and how texts and numbers are written in it.
import { WORDS } from "./words.js";

const CHOICE = "verticals.language";
const shown = new WeakMap();
let current = remembered() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

function remembered() {
  try {
    const choice = localStorage.getItem(CHOICE);
    return choice === "en" || choice === "zh" ? choice : null;
  } catch {
    return null; // a browser that forbids storage
  }
}

export const language = () => current;

export function choose(lang) {
  current = lang;
  try {
    localStorage.setItem(CHOICE, lang);
  } catch {
    // it is chosen for this visit alone
  }
  translate(document);
}

// A text by its key, or one that brings both languages along.
export function say(text, values = {}) {
  const both = typeof text === "string" ? WORDS[text] : text;
  if (!both) return String(text ?? "");
  const template = both[current] || both.en || "";
  return template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "function" ? value() : String(value ?? "");
  });
}

export const known = (key) => key in WORDS;

// Values that are functions are asked anew in each language.
export function write(node, text, values) {
  shown.set(node, [text, values]);
  node.setAttribute("data-word", "");
  node.textContent = say(text, values);
  return node;
}

export function translate(root) {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  for (const node of root.querySelectorAll("[data-word]")) {
    const [text, values] = shown.get(node) ?? [node.dataset.word];
    write(node, text, values);
  }
}

export function number(value, digits = 3) {
  if (value === null || value === undefined || value === "") return "–";
  const size = Math.abs(value);
  const precise = size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
  return minus(new Intl.NumberFormat(current, precise).format(value));
}

const minus = (text) => text.replace("-", "−");

// With its sign, to so many decimals; what rounds to nothing has none.
export function signed(value, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "exceptZero" };
  return minus(new Intl.NumberFormat(current, digits).format(value));
}

export const whole = (value) => new Intl.NumberFormat(current, { maximumFractionDigits: 0 }).format(value);

export const percent = (share, digits = 0) =>
  new Intl.NumberFormat(current, { style: "percent", maximumFractionDigits: digits }).format(share);

export function bytes(count) {
  const [unit, size] = count >= 1e6 ? ["MB", 1e6] : count >= 1e3 ? ["kB", 1e3] : ["B", 1];
  return `${number(count / size)} ${unit}`;
}
