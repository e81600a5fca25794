// The page: asks the service what it serves, offers the ways to ask, and shows the answer or what is wrong.
import { byId, element, save } from "./elements.js";
import { faultList, sentenceOf } from "./faults.js";
import { bytes, choose, language, say, translate, whole, write } from "./language.js";
import { drawColumns } from "./columns.js";
import { commandOf } from "./questions.js";
import { Reply } from "./reply.js";
import { Sending } from "./sending.js";
import { hasKey, readInterface, readModel, useKey } from "./service.js";
import { Ways } from "./ways.js";

const MOST_WAITS = 60; // times that a service that is starting is asked again
const PAUSE = 300; // milliseconds without a keystroke before the command is written anew

const page = { model: null, ways: null, reply: null, sending: null, timer: null };

async function load(waits = 0) {
  byId("trouble").replaceChildren(waits || page.model ? "" : element("p", { class: "empty", word: "loading" }));
  try {
    page.model = await readModel();
  } catch (trouble) {
    return refused(trouble, waits);
  }
  byId("trouble").replaceChildren();
  byId("access").hidden = true;
  return open();
}

function refused(trouble, waits) {
  if (trouble.status === 401) return askForKey();
  const again = element("button", { type: "button", word: "again", on: { click: () => load() } });
  byId("trouble").replaceChildren(faultList(trouble), again);
  if (trouble.status === 503 && waits < MOST_WAITS) {
    setTimeout(() => load(waits + 1), 1000 * (trouble.seconds ?? 2));
  }
}

function askForKey() {
  const wrong = hasKey();
  byId("trouble").replaceChildren(
    wrong ? element("p", { class: "note warning", role: "alert", id: "wrong-key", word: "keyWrong" }) : "",
  );
  byId("access").hidden = false;
  byId("key").value = "";
  byId("key").focus();
  useKey(null);
}

function open() {
  const { model } = page;
  page.reply = new Reply(model);
  page.sending = new Sending(model, {
    answered: (answer, question) => page.reply.answer(answer, question, page.ways.current),
    failed: (trouble, question) => {
      if (trouble.status === 401) askForKey();
      page.reply.fail(trouble, question, page.ways.current);
    },
  });
  const send = () => page.sending.send(page.ways.current);
  page.ways = new Ways(model, changed, send);
  byId("ways").replaceChildren(page.ways.node);
  byId("send").addEventListener("click", send);
  byId("cancel").addEventListener("click", () => page.sending.cancel());
  byId("work").hidden = false;
  describe();
  changed(false);
}

// What stands in the heading, in the language that is shown.
function describe() {
  const { model } = page;
  if (!model) return;
  document.title = say(model.title);
  byId("solution").textContent = model.solution;
  write(byId("title"), model.title);
  write(byId("task"), model.task);
  const date = String(model.created).slice(0, 10);
  const facts = [
    say("version", { version: model.version }),
    say("saved", { date }),
    say("runtime", { runtime: { onnx: "ONNX Runtime", tensorflow: "TensorFlow" }[model.runtime] ?? model.runtime }),
  ];
  byId("meta").replaceChildren(...facts.map((fact) => element("span", {}, fact)));
  byId("simulated").hidden = !model.simulated;
  const { rows, bytes: most, seconds } = model.limits;
  byId("limits").textContent = say("limits", { rows: whole(rows), size: bytes(most), seconds: whole(seconds) });
  byId("built").textContent = model.saved_with ? `keras-verticals ${model.saved_with}` : "";
  drawColumns(model, byId("columns").querySelector("div"));
}

// The command is written when one pauses, and only where it is seen.
function changed(edited = true) {
  if (edited !== false) page.reply?.stale();
  clearTimeout(page.timer);
  page.timer = setTimeout(async () => {
    if (!page.ways || !byId("command").open) return;
    try {
      const question = await page.ways.current.question();
      byId("curl").textContent = commandOf(question, { withKey: hasKey() });
    } catch (trouble) {
      byId("curl").textContent = sentenceOf(trouble);
    }
  }, PAUSE);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("curl").textContent);
    write(byId("copy"), "copied");
  } catch {
    getSelection().selectAllChildren(byId("curl")); // a page without TLS may not write to the clipboard
  }
  setTimeout(() => write(byId("copy"), "copy"), 2000);
}

// A link brings no key along: with one the document is fetched and saved.
async function saveInterface(event) {
  if (!hasKey()) return;
  event.preventDefault();
  try {
    save("openapi.json", JSON.stringify(await readInterface(), null, 2), "application/json");
  } catch (trouble) {
    byId("trouble").replaceChildren(faultList(trouble));
  }
}

function speak(lang) {
  choose(lang);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === lang));
  }
  describe();
  changed(false);
  page.reply?.draw();
  page.sending?.askAgain(page.reply);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  button.addEventListener("click", () => speak(button.dataset.language));
}
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  if (!page.model) load();
  else {
    byId("access").hidden = true;
    byId("trouble").replaceChildren();
    page.sending.send(page.ways.current);
  }
});
byId("command").addEventListener("toggle", () => changed(false));
byId("openapi").addEventListener("click", saveInterface);
byId("copy").addEventListener("click", copy);
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
translate(document);
load();
