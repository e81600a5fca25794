// The form: one row, an input for each column.
import { element } from "./elements.js";
import { inputOf } from "./inputs.js";
import { settings } from "./questions.js";
import { looksLikeJson, readTable, rowsOfJson } from "./tables.js";
import { refuse } from "./service.js";

export class RowForm {
  name = "form";

  constructor(model, changed) {
    this.model = model;
    const fields = model.fields.filter((field) => field.kind !== "label");
    fields.sort((one, other) => other.required - one.required);
    this.inputs = fields.map((field, place) => inputOf(field, `field-${place}`));
    this.earlier = earlierRows(model);
    this.keep = model.history === "store" ? keepBox() : null;
    const fill = { type: "button", word: "example", on: { click: () => this.fill(model.example.rows[0]) } };
    const empty = { type: "button", word: "empty", on: { click: () => this.fill({}) } };
    this.changed = changed;
    this.node = element(
      "form",
      { class: "row-form", autocomplete: "off", on: { input: changed, change: changed } },
      element("div", { class: "together" }, element("button", fill), element("button", empty)),
      element("p", { class: "hint", word: "mayBeEmpty" }),
      element("div", { class: "fields" }, ...this.inputs.map((each) => each.node)),
      this.earlier?.node,
      this.keep?.node,
    );
  }

  fill(row) {
    for (const each of this.inputs) each.fill(row[each.field.name] ?? null);
    this.mark([]);
    this.changed();
  }

  // Cells that are empty are sent as such where the column must be there.
  async question() {
    const row = {};
    const files = [];
    for (const { field, read, file } of this.inputs) {
      const value = read();
      if (value !== null || (field.required && field.kind !== "photo")) row[field.name] = value;
      if (file?.()) files.push(file());
    }
    if (Object.values(row).every((value) => value === null)) refuse("nothingToSend");
    const asked = settings(this.model, { count: 1, keep: this.keep?.input.checked ?? false });
    const history = this.earlier?.read();
    return { rows: [row], history, files, asked, sent: [row], photos: files };
  }

  // Puts each fault at its input, and the focus at the first; those of no input stay in the list.
  mark(faults) {
    const marked = this.inputs.filter((each) => {
      const mine = faults.filter((fault) => fault.column === each.field.name && (fault.row ?? 1) === 1);
      each.mark(mine.map((fault) => fault.text).join(" "));
      return mine.length > 0;
    });
    return marked[0]?.input ?? null;
  }

  inputOfColumn(column) {
    return this.inputs.find((each) => each.field.name === column)?.input ?? null;
  }
}

function earlierRows(model) {
  if (!model.history) return null;
  const input = element("textarea", { id: "earlier", rows: 4, spellcheck: "false", wrap: "off" });
  const node = element(
    "details",
    { class: "earlier" },
    element("summary", { word: "earlier" }),
    element("label", { for: "earlier", class: "hint", word: "earlierHint" }),
    input,
  );
  const read = () => {
    if (!input.value.trim()) return undefined;
    return looksLikeJson(input.value) ? parsed(input.value) : (readTable(input.value) ?? refuse("noRows"));
  };
  return { node, read };
}

function parsed(text) {
  try {
    return rowsOfJson(text).rows;
  } catch (error) {
    return refuse("noJson", { why: error.message });
  }
}

function keepBox() {
  const input = element("input", { type: "checkbox", id: "keep" });
  const label = element("label", { for: "keep", word: "keep" });
  return { input, node: element("p", { class: "check" }, input, label) };
}
