// Rows as a text: CSV, cells of a spreadsheet, or JSON.
import { element, save } from "./elements.js";
import { settings } from "./questions.js";
import { refuse } from "./service.js";
import { looksLikeJson, readTable, rowsOfJson, toCsv } from "./tables.js";
import { whole, write } from "./language.js";

export class Paste {
  name = "paste";

  constructor(model, changed) {
    this.model = model;
    const hint = model.kind === "forecast" ? "pasteSeries" : "pasteHint";
    this.input = element("textarea", {
      id: "pasted", rows: 12, spellcheck: "false", wrap: "off", "aria-describedby": "paste-hint",
    });
    this.count = element("span", { class: "hint" });
    this.changed = changed;
    const fill = () => this.fill(example(model));
    const download = () => save("example.csv", exampleCsv(model));
    this.node = element(
      "form",
      { on: { input: () => this.told() } },
      element(
        "div",
        { class: "together" },
        element("button", { type: "button", word: "example", on: { click: fill } }),
        isFlat(model) && element("button", { type: "button", word: "exampleFile", on: { click: download } }),
      ),
      element("label", { for: "pasted", class: "name", word: "pasteLabel" }),
      element("p", { class: "hint", id: "paste-hint", word: hint }),
      this.input,
      this.count,
    );
  }

  fill(text) {
    this.input.value = text;
    this.told();
  }

  told() {
    const rows = this.rows(() => null);
    if (rows) write(this.count, "pastedRows", { count: () => whole(rows.length) });
    else this.count.textContent = "";
    this.changed();
  }

  // What stands there by column; `wrong` is called where it is nothing of the kind.
  rows(wrong) {
    const text = this.input.value;
    if (!text.trim()) return wrong("nothingToSend");
    if (!looksLikeJson(text)) return readTable(text) ?? wrong("noRows");
    try {
      return rowsOfJson(text).rows;
    } catch (error) {
      return wrong("noJson", { why: error.message });
    }
  }

  async question() {
    const sent = this.rows(refuse);
    const asked = settings(this.model, { count: sent.length });
    const text = this.input.value;
    if (!looksLikeJson(text)) return { table: text, asked, sent };
    const { rows, ...beside } = rowsOfJson(text);
    return { rows, asked: { ...asked, ...beside }, sent };
  }

  mark(faults) {
    if (faults.length) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    return null;
  }
}

export const exampleCsv = (model) => toCsv(model.example.rows);

// Cells of a CSV hold no lists, such as a signal.
export const isFlat = (model) =>
  model.example.rows.every((row) => Object.values(row).every((cell) => cell === null || typeof cell !== "object"));

function example(model) {
  if (isFlat(model)) return exampleCsv(model).replace("\uFEFF", "");
  const rows = model.example.rows.map((row) => `  ${JSON.stringify(row)}`);
  return `[\n${rows.join(",\n")}\n]`;
}
