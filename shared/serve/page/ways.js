// The ways to ask, as tabs; arrow keys move between them.
import { element } from "./elements.js";
import { Files } from "./files.js";
import { RowForm } from "./form.js";
import { Paste } from "./paste.js";

export class Ways {
  // changed: called when what would be asked is another, with false if it was not edited;
  // send: when the enter key asks.
  constructor(model, changed, send) {
    this.changed = changed;
    this.ways = kinds(model).map((Way) => new Way(model, changed));
    this.tabs = this.ways.map((way, place) => this.tab(way, place));
    this.panels = this.ways.map((way) => panel(way, send));
    const list = { role: "tablist", class: "tabs", "aria-labelledby": "ask-title" };
    this.node = element("div", {}, element("div", list, ...this.tabs), ...this.panels);
    this.choose(0);
  }

  get current() {
    return this.ways[this.place];
  }

  tab(way, place) {
    const attributes = { type: "button", role: "tab", id: `tab-${way.name}`, "aria-controls": `way-${way.name}` };
    const on = { click: () => this.choose(place), keydown: (event) => this.moved(event, place) };
    return element("button", { ...attributes, word: way.name, on });
  }

  moved(event, place) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose((place + step + this.tabs.length) % this.tabs.length);
    this.tabs[this.place].focus();
  }

  choose(place) {
    this.place = place;
    for (const [other, tab] of this.tabs.entries()) {
      tab.setAttribute("aria-selected", String(other === place));
      tab.tabIndex = other === place ? 0 : -1;
      this.panels[other].hidden = other !== place;
    }
    this.changed(false);
  }
}

function panel(way, send) {
  way.node.addEventListener("submit", (event) => event.preventDefault());
  way.node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches('input[type="text"]')) return;
    event.preventDefault();
    send();
  });
  const names = { id: `way-${way.name}`, role: "tabpanel", "aria-labelledby": `tab-${way.name}` };
  return element("div", names, way.node);
}

// A series is no single row, and a photo alone needs no form.
function kinds(model) {
  const cells = model.fields.filter((field) => field.kind !== "label");
  if (model.kind === "forecast") return [Paste, Files];
  if (cells.every((field) => field.kind === "photo" || !field.required) && cells.some(isPhoto)) {
    return cells.length > 1 ? [Files, RowForm] : [Files];
  }
  return [RowForm, Paste, Files];
}

const isPhoto = (field) => field.kind === "photo";
