// Tables as people have them: CSV, cells of a spreadsheet, JSON.
const SEPARATORS = ["\t", ";", ",", "|"];

// Rows by column, every cell a text; null where the text is no table.
export function readTable(text) {
  const plain = text.replace(/^\uFEFF/, "");
  const lines = split(plain, separatorOf(plain)).filter((cells) => cells.some((cell) => cell.trim() !== ""));
  if (lines.length < 2) return null;
  const header = lines[0].map((name) => name.trim());
  return lines.slice(1).map((cells) =>
    Object.fromEntries(header.map((name, place) => [name, cells[place] ?? ""])),
  );
}

function separatorOf(text) {
  const first = text.slice(0, text.search(/\r?\n|$/)).replace(/"[^"]*"/g, "");
  const counts = SEPARATORS.map((each) => first.split(each).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

function split(text, separator) {
  const lines = [];
  let [line, cell, quoted] = [[], "", false];
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[place + 1] === '"') (cell += '"'), (place += 1);
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === separator) line.push(cell), (cell = "");
    else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[place + 1] === "\n") place += 1;
      lines.push([...line, cell]);
      [line, cell] = [[], ""];
    } else cell += letter;
  }
  if (cell !== "" || line.length) lines.push([...line, cell]);
  return lines;
}

export const looksLikeJson = (text) => /^\s*[[{]/.test(text);

// Rows of JSON: a list, one row, or a whole request.
export function rowsOfJson(text) {
  const found = JSON.parse(text);
  if (Array.isArray(found)) return { rows: found };
  return Array.isArray(found.rows) ? found : { rows: [found] };
}

// Map.groupBy, which browsers of before 2024 lack.
export function grouped(values, keyOf) {
  const found = new Map();
  for (const value of values) {
    const key = keyOf(value);
    if (found.has(key)) found.get(key).push(value);
    else found.set(key, [value]);
  }
  return found;
}

// CSV with a mark that makes spreadsheets read it as UTF-8.
export function toCsv(records, names = Object.keys(records[0] ?? {})) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [names, ...records.map((record) => names.map((name) => record[name]))];
  return "\uFEFF" + lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

// The text of a file in UTF-8, or else as Windows in Chinese writes it.
export async function textOf(file) {
  const content = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return new TextDecoder("gb18030").decode(content);
  }
}
