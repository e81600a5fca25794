// Many answers: counts by decision, a table that sorts by score, one of them in full, all of them as CSV.
import { element, save } from "./elements.js";
import { number, percent, say, whole } from "./language.js";
import { nameOf, oneAnswer } from "./one.js";
import { MOST_EXPLAINED } from "./questions.js";
import { grouped, toCsv } from "./tables.js";
import { decisionWord, toneOf } from "./verdicts.js";

const SHOWN = 200;
const OWN = 3; // columns of the row itself that tell which one it is
const NESTED = ["reasons", "heatmap"];

export class ManyAnswers {
  // sent: the rows as they were sent, where they are known; photos: the files that came along.
  constructor(model, answers, sent, photos = []) {
    Object.assign(this, { model, answers, sent, photos });
    this.order = null; // of scores: "descending", "ascending", or as they came
    this.only = null; // one decision
    this.names = Object.keys(answers[0]).filter((name) => !NESTED.includes(name));
    this.shown = this.names.filter((name) => name !== "row" && name !== "positive");
    if (this.names.includes("positive")) this.shown.push("positive");
    this.own = sent?.length === answers.length ? Object.keys(sent[0]).slice(0, OWN) : [];
    this.node = element("div", { class: "many" });
    this.draw();
  }

  draw() {
    this.full = element("div", { class: "full", tabindex: "-1" });
    this.table = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": say("table") });
    this.below = element("p", { class: "hint" });
    this.node.replaceChildren(
      element("p", {}, element("b", {}, say("answers", { count: whole(this.answers.length) }))),
      this.counts(),
      downloadButton(this.answers, this.names),
      element("h3", {}, say("table")),
      element("p", { class: "hint" }, say("pickRow")),
      this.full,
      this.table,
      this.below,
    );
    this.drawTable();
  }

  counts() {
    const all = this.answers.length;
    const counted = grouped(this.answers, (answer) => answer.decision ?? answer.class ?? null);
    const names = [...new Set([...Object.keys(this.model.decisions), ...counted.keys()])];
    const cards = names.map((name) => this.card(name, counted.get(name)?.length ?? 0, all));
    return element("div", { class: "counts" }, ...cards);
  }

  card(name, count, all) {
    const share = percent(count / all, 1);
    const words = [
      element("span", { class: "big" }, whole(count)),
      element("b", {}, decisionWord(this.model, name)),
      element("span", { class: "hint" }, share),
    ];
    const pressed = String(this.only === name);
    const click = (event) => {
      this.only = this.only === name ? null : name;
      for (const card of event.currentTarget.parentNode.children) card.setAttribute("aria-pressed", "false");
      event.currentTarget.setAttribute("aria-pressed", String(this.only === name));
      this.drawTable();
    };
    const tone = toneOf(this.model, name);
    return element("button", { type: "button", class: `count ${tone}`, "aria-pressed": pressed, on: { click } },
      ...words);
  }

  chosen() {
    const kept = this.answers
      .map((answer, place) => ({ answer, place }))
      .filter(({ answer }) => this.only === null || (answer.decision ?? answer.class ?? null) === this.only);
    const sign = { descending: -1, ascending: 1 }[this.order];
    return sign ? kept.sort((one, other) => sign * (one.answer.score - other.answer.score)) : kept;
  }

  drawTable() {
    const chosen = this.chosen();
    const rows = chosen.slice(0, SHOWN).map(({ answer, place }) => this.row(answer, place));
    const heads = [
      element("th", { scope: "col" }, nameOf("row")),
      ...this.own.map((name) => element("th", { scope: "col", class: "words" }, name)),
      ...(this.answers[0].heatmap ? [element("th", { scope: "col" }, nameOf("heatmap"))] : []),
      ...this.shown.map((name) => (name === "score" ? this.sorter() : head(name, this.answers[0][name]))),
    ];
    this.table.replaceChildren(
      element("table", { class: "dense" }, element("thead", {}, element("tr", {}, ...heads)),
        element("tbody", {}, ...rows)),
    );
    const shown = { shown: whole(rows.length), all: whole(chosen.length) };
    this.below.textContent = chosen.length > SHOWN ? say("firstRows", shown) : "";
  }

  sorter() {
    const click = () => {
      this.order = this.order === "descending" ? "ascending" : "descending";
      this.drawTable();
      this.table.querySelector(".sort").focus();
    };
    const arrow = { descending: " ▼", ascending: " ▲" }[this.order] ?? " ⇅";
    const button = element("button", { type: "button", class: "sort", on: { click } }, nameOf("score"),
      element("span", { "aria-hidden": "true" }, arrow));
    return element("th", { scope: "col", "aria-sort": this.order ?? "none" }, button);
  }

  row(answer, place) {
    const number_ = answer.row ?? place + 1;
    const open = { type: "button", class: "open", "aria-label": say("rowNumber", { row: number_ }) };
    const button = element("button", { ...open, on: { click: () => this.show(place) } }, whole(number_));
    const heatmap = answer.heatmap &&
      element("td", {}, element("img", { src: `data:image/png;base64,${answer.heatmap}`, alt: "", class: "small" }));
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, button),
      ...this.own.map((name) => element("td", { class: "words" }, textOf(this.sent[place][name]))),
      heatmap,
      ...this.shown.map((name) => this.cell(name, answer[name])),
    );
  }

  cell(name, value) {
    if (name === "decision" || name === "class") {
      const tone = name === "decision" ? toneOf(this.model, value) : "plain";
      return element("td", { class: "words" },
        element("span", { class: `chip ${tone}` }, decisionWord(this.model, value)));
    }
    if (typeof value === "number") return element("td", {}, number(value));
    if (typeof value === "boolean") return element("td", {}, say(value ? "yes" : "no"));
    const words = name === "set" ? listOf(this.model, value) : (value ?? "–");
    return element("td", { class: "words" }, words);
  }

  show(place) {
    const answer = this.answers[place];
    const photo = this.photos.find((file) => file.name === answer.image);
    const title = element("h4", {}, say("rowNumber", { row: answer.row ?? place + 1 }));
    const unexplained = this.model.reasons && !answer.reasons;
    const hint = unexplained ? element("p", { class: "hint" }, say("reasonsFew", { most: MOST_EXPLAINED })) : "";
    this.full.replaceChildren(title, oneAnswer(this.model, answer, photo), hint);
    this.full.focus();
    this.full.scrollIntoView({ block: "nearest" });
  }
}

const listOf = (model, set) => (set ?? "").split("|").map((name) => decisionWord(model, name.trim())).join(", ");

const head = (name, value) => element("th", { scope: "col", class: wordy(value) ? "words" : null }, nameOf(name));

const wordy = (value) => typeof value !== "number" && typeof value !== "boolean";

function textOf(cell) {
  if (cell === null || cell === undefined) return "–";
  return typeof cell === "object" ? "…" : String(cell);
}

export function downloadButton(answers, names) {
  const click = () => save("answers.csv", toCsv(answers, names));
  return element("button", { type: "button", class: "download", on: { click } },
    say(answers.length === 1 ? "downloadOne" : "download"));
}
