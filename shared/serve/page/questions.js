// A question to the service: { rows, history, table, files, reasons, pictures, keep }, as a request and as a command.
import { language } from "./language.js";

export const MOST_EXPLAINED = 20; // rows of which reasons are asked
const REASONS = 8;
const PATH = "v1/predict";

// What to ask beside the rows, from what the model can tell.
export function settings(model, { count, pictures = false, keep = false }) {
  const asked = { lang: language(), keep };
  if (model.reasons && count && count <= MOST_EXPLAINED) asked.reasons = REASONS;
  if (pictures) asked.pictures = true;
  return asked;
}

export function requestOf(question) {
  const { rows, history, table, files = [], asked } = question;
  if (files.length) return { path: PATH, body: formOf(question) };
  if (table !== undefined) return { path: `${PATH}?${new URLSearchParams(asked)}`, type: "text/csv", body: table };
  const content = { ...asked, rows, ...(history ? { history } : {}) };
  return { path: PATH, type: "application/json", body: JSON.stringify(content) };
}

function formOf({ rows, history, files, asked }) {
  const form = new FormData();
  if (rows) form.append("rows", JSON.stringify(rows));
  if (history) form.append("history", JSON.stringify(history));
  for (const [name, value] of Object.entries(asked)) form.append(name, value);
  for (const file of files) form.append("files", file, file.name);
  return form;
}

// How many bytes a request's body has, about.
export function sizeOf({ path, body }) {
  if (!(body instanceof FormData)) return body instanceof Blob ? body.size : new Blob([body]).size;
  const parts = [...body.values()];
  return parts.reduce((sum, part) => sum + (part instanceof Blob ? part.size : part.length) + 200, path.length);
}

// The same for a shell; the key stays in the environment.
export function commandOf(question, { withKey }) {
  const { rows, history, table, files = [], asked } = question;
  const address = new URL(PATH, document.baseURI).href;
  const lines = withKey ? ['-H "X-API-Key: $VERTICALS_API_KEY"'] : [];
  let query = "";
  if (files.length) {
    if (rows) lines.push(`--form-string ${quoted("rows=" + JSON.stringify(rows))}`);
    for (const [name, value] of Object.entries(asked)) lines.push(`--form-string ${name}=${value}`);
    for (const file of files.slice(0, 20)) lines.push(`-F ${quoted(`files=@"${file.name}"`)}`);
  } else if (table !== undefined) {
    query = `?${new URLSearchParams(asked)}`;
    lines.push(`-H "Content-Type: text/csv" --data-binary @${quoted(table.name ?? "rows.csv")}`);
  } else {
    const content = { ...asked, rows, ...(history ? { history } : {}) };
    lines.push(`-H "Content-Type: application/json" -d ${quoted(JSON.stringify(content))}`);
  }
  return [`curl ${quoted(address + query)}`, ...lines].join(" \\\n  ");
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
