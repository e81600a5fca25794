// The columns that a row has, for who prepares a table.
import { element } from "./elements.js";
import { kindOf, rangeValues, rangeWord } from "./inputs.js";
import { say } from "./language.js";

export function drawColumns(model, target) {
  const heads = ["column", "required", "kind", "meaning", "range"];
  const rows = model.fields.map((field) => element("tr", {},
    element("th", { scope: "row" }, field.name),
    ...[say(field.required ? "yes" : "no"), kindOf(field), say(field.description), rangeOf(field)].map((text) =>
      element("td", { class: "words" }, text))));
  target.setAttribute("aria-label", say("columns"));
  target.replaceChildren(element("table", { class: "dense" },
    element("thead", {}, element("tr", {}, ...heads.map((word) => element("th", { class: "words" }, say(word))))),
    element("tbody", {}, ...rows)));
}

function rangeOf(field) {
  const word = rangeWord(field);
  const values = rangeValues(field);
  const unit = field.unit && field.unit !== "currency" ? ` ${field.unit}` : "";
  if (word) return say(word, values) + unit;
  return field.choices?.length && field.kind !== "label" ? field.choices.slice(0, 8).join(", ") : unit;
}
