// What went wrong, in a plain sentence, and each fault with its place.
import { element } from "./elements.js";
import { known, say, whole } from "./language.js";

const PATIENCE = 5; // seconds, where the service names none

export function sentenceOf(trouble) {
  if (trouble.word) return say(trouble.word, trouble.values);
  if (trouble.status === -1) return say("cancelled");
  const values = { seconds: trouble.seconds ?? PATIENCE };
  return say(known(`trouble${trouble.status}`) ? `trouble${trouble.status}` : "trouble500", values);
}

// sent: rows as they were sent; jump: gives the input of a column, if it has one.
export function faultList(trouble, { sent = null, jump = () => null } = {}) {
  const { faults, problem = {}, status } = trouble;
  const title = faults.length > 1 ? say("faultsTitle", { count: whole(faults.length) }) : say("faultsOne");
  const detail = status >= 400 && !faults.length && problem.detail;
  return element(
    "div",
    { class: status === -1 ? "note" : "note warning", role: "alert", tabindex: "-1" },
    element("h3", {}, faults.length ? title : sentenceOf(trouble)),
    faults.length ? element("p", {}, sentenceOf(trouble)) : null,
    detail ? element("p", { class: "detail" }, detail) : null,
    faults.length ? element("ul", {}, ...faults.map((fault) => item(fault, sent, jump))) : null,
    problem.request_id && status !== 401
      ? element("p", { class: "hint" }, say("requestId", { id: problem.request_id })) : null,
  );
}

function item(fault, sent, jump) {
  const { column, row, text } = fault;
  const word = column && row ? "faultPlace" : column ? "faultColumn" : row ? "faultRow" : null;
  const place = word && say(word, { column, row });
  const input = column && jump(column);
  const name = input
    ? element("button", { type: "button", class: "link", on: { click: () => input.focus() } }, place)
    : element("b", {}, place ?? "");
  const cell = column && row ? sent?.[row - 1]?.[column] : undefined;
  const given = cell !== undefined && cell !== null && cell !== "" && typeof cell !== "object";
  const found = given && !text.includes(String(cell));
  return element("li", {}, place ? name : null, place ? ": " : null, text,
    found ? element("span", { class: "hint" }, ` (${say("found", { cell: String(cell).slice(0, 80) })})`) : null);
}
