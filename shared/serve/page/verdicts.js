// What an answer decides: its word, its tone, and the zones of the score that lead to it.
import { say } from "./language.js";

const REFER = "refer";

export const decisionWord = (model, name) =>
  name === null || name === undefined ? "–" : model.decisions[name] ? say(model.decisions[name]) : String(name);

// good, watch or bad: decisions stand in this order, and a referral is one to watch.
export function toneOf(model, name) {
  const names = Object.keys(model.decisions).filter((each) => each !== REFER);
  const place = names.indexOf(name);
  if (place < 0) return name === REFER ? "watch" : "plain";
  if (place === 0) return "good";
  return model.kind === "diagnosis" || place === names.length - 1 ? "bad" : "watch";
}

// [{ word, tone, low, high }] from 0 to 1, or none where no limit is known; zones that nothing can reach are left out.
export function zonesOf(model) {
  const limits = model.thresholds ?? {};
  const zones = model.kind === "diagnosis" ? riskZones(limits) : decisionZones(model, limits);
  const reached = zones.filter((zone) => zone.high > zone.low);
  return reached.length > 1 ? reached : [];
}

function decisionZones(model, limits) {
  const names = Object.keys(model.decisions);
  const starts = names.map((name, place) => (place === 0 ? 0 : limits[name]));
  if (!names.length || !starts.every(Number.isFinite)) return [];
  return names.map((name, place) => ({
    word: model.decisions[name],
    tone: toneOf(model, name),
    low: Math.min(starts[place], 1),
    high: Math.min(starts[place + 1] ?? 1, 1),
  }));
}

function riskZones({ operating, referral, names }) {
  const limit = operating?.threshold;
  const { low, high } = referral ?? {};
  if (Number.isFinite(low) && Number.isFinite(high) && (names ?? []).length <= 2) {
    return [
      { word: "negative", tone: "good", low: 0, high: low },
      { word: REFER, tone: "watch", low, high },
      { word: "positive", tone: "bad", low: high, high: 1 },
    ];
  }
  if (!Number.isFinite(limit)) return [];
  return [
    { word: "below", tone: "good", low: 0, high: limit },
    { word: "above", tone: "bad", low: limit, high: 1 },
  ];
}

export const zoneWord = (model, { word }) => (model.decisions[word] ? say(model.decisions[word]) : say(word));

// Where a score stands in zones of one width, in [0, 1].
export function placeOf(score, zones) {
  const index = Math.max(0, zones.findLastIndex((zone) => score >= zone.low));
  const { low, high } = zones[index];
  return (index + Math.min(1, Math.max(0, (score - low) / (high - low)))) / zones.length;
}
