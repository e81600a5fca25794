// Forecasts by series, and the past of each one in the rows that were sent.
import { grouped } from "./tables.js";

const DAY = 86_400_000;
const ISO = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?/;

export const moment = (text) => {
  const parts = ISO.exec(String(text));
  return parts ? Date.UTC(parts[1], parts[2] - 1, ...parts.slice(3).map((part) => Number(part ?? 0))) : NaN;
};

// [{ name, answers, past: [{ date, value }] }]; keys are the columns that stand before the date.
export function seriesOf(model, answers, sent) {
  const names = Object.keys(answers[0]);
  const keys = names.slice(0, Math.max(names.indexOf("date"), 0));
  const found = grouped(answers, (answer) => keys.map((key) => answer[key]).join(" · "));
  const pasts = sent ? pastOf(model, keys, sent) : new Map();
  return [...found].map(([name, own]) => ({ name, answers: own, past: periods(pasts.get(name) ?? [], own) }));
}

// What was sent of each series, by the customer's columns of the same roles.
function pastOf(model, keys, sent) {
  const columnOf = (role) => model.fields.find((field) => field.role === role)?.name;
  const columns = keys.map((key) => columnOf(key) ?? key);
  const [date, quantity] = ["date", "quantity"].map(columnOf);
  if (!date || !quantity) return wide(columns[0], sent);
  const filled = sent.filter((row) => row[quantity] !== null && String(row[quantity] ?? "").trim() !== "");
  const found = grouped(filled, (row) => columns.map((column) => String(row[column] ?? "")).join(" · "));
  for (const [name, rows] of found) {
    found.set(name, rows.map((row) => ({ date: String(row[date]), value: amount(row[quantity]) })));
  }
  return found;
}

// One row a series, a column a period.
function wide(column, sent) {
  return new Map(sent.map((row) => {
    const cells = Object.entries(row).filter(([name, cell]) => name !== column && cell !== null && cell !== "");
    return [String(row[column]), cells.map(([name, cell]) => ({ date: name, value: amount(cell) }))];
  }));
}

const amount = (cell) => (typeof cell === "number" ? cell : Number(String(cell).trim().replace(",", ".")));

// Several sales of one period are one sum; the period is as long as a step of the forecast.
function periods(past, answers) {
  const known = past.filter(({ value }) => Number.isFinite(value));
  const first = moment(answers[0].date);
  const step = answers.length > 1 ? moment(answers[1].date) - first : DAY;
  const dated = known.length > 0 && Number.isFinite(first) && known.every(({ date }) => !Number.isNaN(moment(date)));
  const period = dated ? periodOf(first, step) : (date) => date;
  const sums = grouped(known, ({ date }) => period(date));
  const summed = [...sums].map(([start, rows]) => ({
    date: dated ? new Date(start).toISOString().slice(0, 10) : start,
    time: dated ? start : null,
    value: rows.reduce((sum, { value }) => sum + value, 0),
  }));
  return dated ? summed.sort((one, other) => one.time - other.time) : summed;
}

function periodOf(first, step) {
  if (step < 28 * DAY) return (date) => first + Math.floor((moment(date) - first) / step) * step;
  return (date) => {
    const when = new Date(moment(date));
    return Date.UTC(when.getUTCFullYear(), when.getUTCMonth(), 1);
  };
}

// Pairs of quantiles around the median, the widest first: [["q05", "q95"], ...].
export function fanOf(answer) {
  const names = Object.keys(answer).filter((name) => /^q\d+$/.test(name)).sort();
  return names.slice(0, Math.floor(names.length / 2)).map((low, place) => [low, names[names.length - 1 - place]]);
}

// The level of a quantile's name: .05 of q05.
export const levelOf = (name) => Number(`0.${name.slice(1)}`);
