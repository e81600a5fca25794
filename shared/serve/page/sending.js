// One question on its way: what is too large is not sent, progress is shown, and it can be cancelled.
import { byId } from "./elements.js";
import { bytes, language, percent, say, whole, write } from "./language.js";
import { requestOf, sizeOf } from "./questions.js";
import { ask, refuse, Trouble } from "./service.js";

const QUICK = 250; // milliseconds within which no progress is worth showing

export class Sending {
  // listeners: answered(answer, question) and failed(trouble, question).
  constructor(model, listeners) {
    Object.assign(this, { model, listeners, control: null });
  }

  async send(way) {
    if (this.control) return;
    this.control = new AbortController();
    let question = null;
    const stop = this.showProgress();
    try {
      question = await way.question();
      const request = requestOf(question);
      this.refuseTooMuch(question, request);
      const answer = await ask(request, (told) => this.told(told), this.control.signal);
      this.listeners.answered(answer, question);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      this.listeners.failed(trouble, question);
    } finally {
      stop();
      this.control = null;
    }
  }

  // The texts of reasons come from the service: in another language they are asked for once more.
  async askAgain(reply) {
    const { question } = reply;
    if (this.control || !question?.asked.reasons || question.asked.lang === language()) return;
    const again = { ...question, asked: { ...question.asked, lang: language(), keep: false } };
    try {
      reply.replace(await ask(requestOf(again), () => {}), again);
    } catch {
      // the answer stays as it was
    }
  }

  cancel() {
    this.control?.abort();
  }

  refuseTooMuch({ sent }, request) {
    const { rows, bytes: most } = this.model.limits;
    if (sent?.length > rows) refuse("tooManyRows", { found: whole(sent.length), most: whole(rows) });
    const size = sizeOf(request);
    if (size > most) refuse("tooManyBytes", { found: bytes(size), most: bytes(most) });
  }

  showProgress() {
    const began = performance.now();
    this.share = null;
    byId("send").disabled = true;
    const draw = () => {
      const elapsed = performance.now() - began;
      byId("cancel").hidden = byId("progress").hidden = elapsed < QUICK;
      const [bar, text] = byId("progress").children;
      if (this.share === null) bar.removeAttribute("value");
      else bar.value = 100 * this.share;
      text.textContent = this.share === null
        ? say("scoring", { seconds: Math.round(elapsed / 1000) })
        : say("sending", { percent: percent(this.share) });
    };
    const timer = setInterval(draw, QUICK);
    return () => {
      clearInterval(timer);
      byId("send").disabled = false;
      byId("cancel").hidden = byId("progress").hidden = true;
    };
  }

  told({ share }) {
    this.share = share === undefined || share >= 1 ? null : share;
  }
}

export const announce = (text) => write(byId("status"), { en: text, zh: text });
