// What came back, drawn in the language that is shown.
import { byId, element } from "./elements.js";
import { faultList } from "./faults.js";
import { Forecasts } from "./forecast.js";
import { number, say, whole } from "./language.js";
import { downloadButton, ManyAnswers } from "./many.js";
import { oneAnswer } from "./one.js";
import { announce } from "./sending.js";
import { decisionWord } from "./verdicts.js";

export class Reply {
  constructor(model) {
    Object.assign(this, { model, question: null, content: null, trouble: null, way: null, view: null });
  }

  answer(content, question, way) {
    Object.assign(this, { content, question, trouble: null, way });
    byId("stale").hidden = true;
    way.mark([]);
    this.replace(content, question);
    announce(this.summary());
    byId("answer").focus({ preventScroll: true });
    byId("answer").scrollIntoView({ block: "nearest" });
  }

  // What is asked is no more what was answered.
  stale() {
    byId("stale").hidden = !this.content || Boolean(this.trouble);
  }

  // The same answer in another language.
  replace(content, question) {
    Object.assign(this, { content, question });
    this.view = null;
    this.draw();
  }

  fail(trouble, question, way) {
    Object.assign(this, { trouble, way, failed: question });
    byId("stale").hidden = true;
    this.draw();
    const first = way.mark(trouble.faults);
    const box = byId("faults").firstElementChild;
    (first ?? box).focus({ preventScroll: true });
    (first ?? box).scrollIntoView({ block: "nearest" });
  }

  draw() {
    const { trouble, content, way } = this;
    const jump = (column) => way.inputOfColumn?.(column) ?? null;
    byId("faults").replaceChildren(trouble ? faultList(trouble, { sent: this.failed?.sent, jump }) : "");
    if (trouble) return void byId("shown").replaceChildren();
    if (!content) return undefined;
    if (this.view) return this.view.draw();
    const notes = content.notes?.length ? notesOf(content.notes) : "";
    return byId("shown").replaceChildren(this.drawn(), notes);
  }

  drawn() {
    const { model, question } = this;
    const { answers } = this.content;
    if (!answers.length) return element("p", {}, say("answers", { count: 0 }));
    if (model.kind === "forecast") this.view = new Forecasts(model, answers, question.sent);
    else if (answers.length > 1) this.view = new ManyAnswers(model, answers, question.sent, question.photos);
    if (this.view) return this.view.node;
    const box = element("div", {});
    this.view = {
      draw: () => {
        const names = Object.keys(answers[0]).filter((name) => name !== "reasons" && name !== "heatmap");
        box.replaceChildren(oneAnswer(model, answers[0], question.photos?.[0]), downloadButton(answers, names));
      },
    };
    this.view.draw();
    return box;
  }

  summary() {
    const { answers } = this.content;
    if (answers.length !== 1 || this.model.kind === "forecast") {
      return say("answers", { count: whole(answers.length) });
    }
    const [{ decision, score }] = answers;
    return `${decisionWord(this.model, decision)}. ${say("scoreOf", { score: number(score) })}`;
  }
}

function notesOf(notes) {
  const items = notes.map((note) => element("li", {}, String(note)));
  return element("details", { class: "notes" }, element("summary", { word: "notes" }), element("ul", {}, ...items));
}
