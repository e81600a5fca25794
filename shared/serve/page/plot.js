// A drawing of one series: what was sent, and the fan of quantiles ahead.
import { drawing } from "./elements.js";
import { number, say } from "./language.js";
import { fanOf, moment } from "./series.js";

const PAST = [28, 4]; // periods of the past that are shown: so many, or so many times those ahead
const ROOM = { left: 46, right: 12, top: 12, bottom: 30 };

export function plotOf(series, { width = 640, height = 260 } = {}) {
  const { answers } = series;
  const past = series.past.slice(-Math.max(PAST[0], PAST[1] * answers.length));
  const fan = fanOf(answers[0]);
  const x = across(past, answers, width);
  const highs = answers.map((answer) => (fan.length ? answer[fan[0][1]] : answer.mean));
  const y = upwards([...past.map(({ value }) => value), ...highs, ...lows(answers, fan)], height);
  const ahead = answers.map((_, place) => past.length + place);
  const svg = drawing("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.setAttribute("aria-label", say("plotOf", { series: series.name }));
  svg.append(...grid(y, width), ...labels(past, answers, x, height));
  for (const [place, [low, high]] of fan.entries()) {
    const points = [
      ...ahead.map((at, step) => `${x(at)},${y(answers[step][high])}`),
      ...[...ahead].reverse().map((at) => `${x(at)},${y(answers[at - past.length][low])}`),
    ];
    svg.append(drawing("polygon", { points: points.join(" "), class: `fan fan${Math.min(place, 4)}` }));
  }
  const middle = "q50" in answers[0] ? "q50" : "mean";
  svg.append(line(past.map(({ value }, at) => [x(at), y(value)]), "past"));
  svg.append(line(ahead.map((at, step) => [x(at), y(answers[step][middle])]), "median"));
  const now = (x(past.length - 1) + x(past.length)) / 2;
  if (past.length) svg.append(drawing("line", { x1: now, x2: now, y1: ROOM.top, y2: height - ROOM.bottom,
    class: "now" }));
  return svg;
}

const lows = (answers, fan) => (fan.length ? answers.map((answer) => answer[fan[0][0]]) : []);

// By time where all dates are known, so that gaps are seen; else one place after the other.
function across(past, answers, width) {
  const times = [...past.map(({ time }) => time ?? NaN), ...answers.map(({ date }) => moment(date))];
  const places = times.every(Number.isFinite) ? times : times.map((_, place) => place);
  const [first, last] = [places[0], places.at(-1)];
  const room = width - ROOM.left - ROOM.right;
  return (place) => ROOM.left + (room * (places[place] - first)) / (last - first || 1);
}

function upwards(values, height) {
  const shown = values.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...shown), Math.max(...shown, 1)];
  const room = height - ROOM.top - ROOM.bottom;
  const y = (value) => height - ROOM.bottom - (room * (value - low)) / (high - low);
  return Object.assign(y, { low, high });
}

function grid(y, width) {
  const step = roundStep((y.high - y.low) / 4);
  const values = [];
  for (let value = Math.ceil(y.low / step) * step; value <= y.high * 1.0001; value += step) values.push(value);
  return values.flatMap((value) => {
    const text = drawing("text", { x: ROOM.left - 6, y: y(value) + 4, "text-anchor": "end" });
    text.textContent = number(value);
    return [drawing("line", { x1: ROOM.left, x2: width - ROOM.right, y1: y(value), y2: y(value), class: "grid" }),
      text];
  });
}

function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].find((each) => each * power >= step) * power;
}

function labels(past, answers, x, height) {
  const dates = [...past.map(({ date }) => date), ...answers.map(({ date }) => date)];
  const shown = past.length ? [0, past.length, dates.length - 1] : [0, dates.length - 1];
  const apart = shown.filter((place, index) => !index || index === shown.length - 1 ||
    (x(place) - x(0) > 90 && x(dates.length - 1) - x(place) > 90));
  return apart.map((place) => {
    const anchor = place === 0 ? "start" : place === dates.length - 1 ? "end" : "middle";
    const text = drawing("text", { x: x(place), y: height - 9, "text-anchor": anchor });
    text.textContent = dates[place];
    return text;
  });
}

function line(points, name) {
  const known = points.filter((point) => point.every(Number.isFinite));
  if (known.length === 1) return drawing("circle", { cx: known[0][0], cy: known[0][1], r: 3, class: `dot ${name}` });
  return drawing("polyline", { points: known.map((point) => point.join(",")).join(" "), class: `line ${name}` });
}
