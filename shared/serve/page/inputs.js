// One input for one column: what it is called, what may stand in it, and what it holds as JSON has it.
import { bytes, number, say, write } from "./language.js";
import { drawing, element } from "./elements.js";

const FEW = 12; // choices of a list; of more one types
const OWN_HINT = ["photo", "signal"]; // their descriptions are of files and folders, not of a form
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

// { node, input, read(), fill(value), file() } of a field of the model.
export function inputOf(field, id) {
  const made = { photo: photoInput, signal: signalInput }[field.kind]?.(field, id) ?? textInput(field, id);
  const star = field.required && element("span", { class: "star", "aria-hidden": "true" }, " *");
  const label = element("label", { for: id }, element("span", { class: "name" }, field.name), star);
  const fault = element("p", { class: "fault", id: `${id}-fault` });
  const hint = element("p", { class: "hint", id: `${id}-hint` }, ...hints(field));
  made.input.setAttribute("aria-describedby", `${id}-hint ${id}-fault`);
  if (field.required) made.input.setAttribute("aria-required", "true");
  const wide = field.kind === "signal" || field.kind === "photo";
  const node = element("div", { class: wide ? "field wider" : "field" }, label, made.control, hint, fault);
  return { ...made, field, node, mark: (text) => mark(made.input, fault, text) };
}

function mark(input, fault, text) {
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  fault.textContent = text ?? "";
}

function hints(field) {
  const parts = [];
  const texts = OWN_HINT.includes(field.kind) ? [] : Object.values(field.description ?? {});
  const told = texts.some((text) => text && text !== field.name);
  if (told) parts.push(element("span", { word: field.description }));
  const range = rangeWord(field);
  if (range) parts.push(element("span", { word: range, values: rangeValues(field) }));
  if (field.unit && field.unit !== "currency") parts.push(element("span", { class: "unit" }, field.unit));
  if (field.kind === "signal") parts.push(element("span", { word: "signalHint" }));
  if (field.kind === "time" && field.example !== null) {
    parts.push(element("span", { word: "such", values: { example: field.example } }));
  }
  return parts;
}

const has = (limit) => limit !== null && limit !== undefined;

export function rangeWord({ low, high }) {
  if (has(low) && has(high)) return "between";
  return has(low) ? "atLeast" : has(high) ? "atMost" : null;
}

export const rangeValues = ({ low, high }) => ({ low: () => number(low), high: () => number(high) });

function textInput(field, id) {
  const { kind, choices = [] } = field;
  if (kind === "category" && choices.length && choices.length <= FEW) return listInput(field, id);
  const input = element("input", {
    id,
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    inputmode: kind === "number" ? "decimal" : null,
    list: choices.length ? `${id}-choices` : null,
  });
  const options = choices.map((choice) => element("option", { value: choice }));
  const list = choices.length ? element("datalist", { id: `${id}-choices` }, ...options) : null;
  const numeric = kind === "number" || typeof field.example === "number";
  return {
    input,
    control: element("div", {}, input, list),
    fill: (value) => (input.value = value ?? ""),
    read: () => cell(input.value, numeric),
  };
}

// A number as JSON has it; a text that is none goes as it is, so that the service says what is wrong.
function cell(text, numeric) {
  const plain = text.trim();
  if (plain === "") return null;
  return numeric && NUMBER.test(plain) ? Number(plain) : text;
}

function listInput({ choices }, id) {
  const none = element("option", { value: "", word: "unknownValue" });
  const input = element("select", { id }, none, ...choices.map((each) => element("option", { value: each }, each)));
  return { input, control: input, fill: (value) => (input.value = value ?? ""), read: () => input.value || null };
}

function signalInput(field, id) {
  const input = element("textarea", { id, rows: 3, spellcheck: "false" });
  const picture = drawing("svg", { class: "signal", viewBox: "0 0 300 60", preserveAspectRatio: "none" });
  picture.setAttribute("aria-hidden", "true");
  const read = () => signalOf(input.value);
  const draw = () => drawSignal(picture, read());
  input.addEventListener("input", draw);
  const fill = (value) => {
    const channels = Array.isArray(value?.[0]) ? value : value ? [value] : [];
    input.value = channels.map((each) => each.join(", ")).join("\n");
    draw();
  };
  return { input, control: element("div", {}, input, picture), fill, read };
}

// Numbers in lines: one a line is one channel, several a line are one channel each line.
function signalOf(text) {
  const lines = text.trim().split(/\r?\n/).map((line) => line.trim().split(/[\s,;]+/).filter(Boolean));
  const channels = lines.filter((line) => line.length);
  if (!channels.length) return null;
  const values = channels.map((line) => line.map((each) => (NUMBER.test(each) ? Number(each) : each)));
  if (values.length === 1) return values[0];
  return values.every((line) => line.length === 1) ? values.flat() : values;
}

function drawSignal(picture, signal) {
  const channels = Array.isArray(signal?.[0]) ? signal : signal ? [signal] : [];
  const values = channels.flat().filter(Number.isFinite);
  picture.replaceChildren();
  if (values.length < 2) return;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  for (const [place, channel] of channels.entries()) {
    const points = channel.map((value, step) =>
      `${(300 * step) / (channel.length - 1 || 1)},${56 - (52 * (value - low)) / (high - low || 1)}`);
    picture.append(drawing("polyline", { points: points.join(" "), class: `line channel${place % 4}` }));
  }
}

function photoInput(field, id) {
  const input = element("input", { id, type: "file", accept: "image/*", class: "visually-hidden" });
  const picture = element("img", { alt: "", hidden: true });
  const text = element("span", { word: "choosePhoto" });
  let file = null;
  const take = (chosen) => {
    file = chosen ?? null;
    picture.hidden = !file;
    if (file) picture.src = URL.createObjectURL(file);
    if (file) write(text, "chosenOne", { name: file.name, size: () => bytes(file.size) });
    else write(text, "choosePhoto");
  };
  input.addEventListener("change", () => take(input.files[0]));
  const control = element("label", { class: "drop small" }, input, picture, text);
  const fill = (value) => take(value && fileOf(value));
  return { input, control, fill, read: () => file?.name ?? null, file: () => file };
}

// The file of a photo that JSON holds, `{ name, base64 }`.
export function fileOf({ name, base64 }) {
  const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new File([content], name, { type: "image/png" });
}

export const kindOf = (field) => say(`kind.${field.kind}`);
