// Forecasts: one series at a time, drawn and as a table; all of them as CSV.
import { element } from "./elements.js";
import { known, number, percent, say, whole } from "./language.js";
import { downloadButton } from "./many.js";
import { nameOf } from "./one.js";
import { plotOf } from "./plot.js";
import { fanOf, levelOf, seriesOf } from "./series.js";

const ORDERS = ["order", "order_up_to", "reorder_point", "safety_stock"];
const BY_DATE = ORDERS.slice(0, 2); // the others are one for all dates
const NARROW = 560; // pixels

export class Forecasts {
  constructor(model, answers, sent) {
    Object.assign(this, { model, answers });
    this.series = seriesOf(model, answers, sent);
    this.place = 0;
    this.node = element("div", { class: "forecasts" });
    this.draw();
  }

  draw() {
    const options = this.series.map(({ name }, place) =>
      element("option", { value: place, selected: place === this.place }, name || say("series")));
    const change = (event) => {
      this.place = Number(event.target.value);
      this.drawSeries();
    };
    this.one = element("div", {});
    this.node.replaceChildren(
      element("div", { class: "together" },
        element("label", { for: "series" }, `${say("series")} (${whole(this.series.length)})`),
        element("select", { id: "series", on: { change } }, ...options)),
      this.one,
      downloadButton(this.answers),
    );
    this.drawSeries();
  }

  drawSeries() {
    const series = this.series[this.place];
    const [first] = series.answers;
    const narrow = window.innerWidth < NARROW;
    const note = first.note && (known(`note.${first.note}`) ? say(`note.${first.note}`) : first.note);
    this.one.replaceChildren(
      tiles(series.answers),
      note ? element("p", { class: "note" }, note) : "",
      element("figure", {}, plotOf(series, narrow ? { width: 360, height: 240 } : {}), legend(series)),
      element("h3", {}, say("seriesTable")),
      table(series),
    );
  }
}

function tiles(answers) {
  const total = answers.reduce((sum, { mean }) => sum + (mean ?? 0), 0);
  const orders = ORDERS.filter((name) => Number.isFinite(answers[0][name]));
  const tile = (title, value, hint) => element("div", { class: "count plain" },
    element("span", { class: "big" }, number(value)),
    element("b", {}, title),
    element("span", { class: "hint" }, hint));
  return element("div", { class: "counts" },
    tile(say("total", { steps: answers.length }), total, ""),
    ...orders.map((name) => tile(nameOf(name), answers[0][name],
      BY_DATE.includes(name) ? say("next", { date: answers[0].date }) : "")));
}

function legend({ answers, past }) {
  const fan = fanOf(answers[0]);
  const mark = (name, text) => element("span", {}, element("i", { class: `key ${name}` }), text);
  const shown = fan.map(([low, high], place) =>
    mark(`fan${Math.min(place, 4)}`, say("fan", { low: percent(levelOf(low), 1), high: percent(levelOf(high), 1) })));
  return element("figcaption", { class: "legend" }, past.length ? mark("past", say("past")) : null,
    mark("median", say("median")), ...shown);
}

function table({ answers }) {
  const levels = Object.keys(answers[0]).filter((name) => /^q\d+$/.test(name));
  const shown = levels.filter((name, place) => place === 0 || place === levels.length - 1 || name === "q50");
  const orders = BY_DATE.filter((name) => name in answers[0]);
  const names = ["date", "mean", ...shown, ...orders];
  const title = (name) => (levels.includes(name) ? percent(levelOf(name), 1) : nameOf(name));
  const heads = names.map((name) => element("th", { scope: "col" }, title(name)));
  const rows = answers.map((answer) => element("tr", {},
    element("th", { scope: "row" }, answer.date),
    ...names.slice(1).map((name) => element("td", {}, number(answer[name])))));
  const attributes = { class: "wide", tabindex: "0", role: "region", "aria-label": say("seriesTable") };
  return element("div", attributes, element("table", { class: "dense" },
    element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)));
}
