// One answer in full: what is decided, how sure, why, and where.
import { element } from "./elements.js";
import { known, number, percent, say, signed } from "./language.js";
import { decisionWord, placeOf, toneOf, zonesOf, zoneWord } from "./verdicts.js";

const TOLD = ["row", "score", "decision", "class", "set", "positive", "reasons", "heatmap", "image"];

export function oneAnswer(model, answer, photo) {
  const parts = [decided(model, answer), scored(model, answer), classes(model, answer), predicted(model, answer)];
  return element(
    "div",
    { class: "one" },
    ...parts,
    answer.heatmap ? pictures(answer, photo) : null,
    answer.reasons?.length ? reasons(answer.reasons) : null,
    further(answer),
  );
}

function decided(model, answer) {
  const name = answer.decision ?? answer.class;
  const box = element("div", { class: `verdict ${toneOf(model, name)}` });
  box.append(element("p", { class: "decision" }, decisionWord(model, name)));
  if (answer.class !== undefined && answer.decision !== undefined) {
    box.append(element("p", {}, `${say("class")}: `, element("b", {}, decisionWord(model, answer.class))));
  }
  return box;
}

function scored(model, { score }) {
  if (!Number.isFinite(score)) return null;
  const zones = zonesOf(model);
  const title = element("h3", {}, say(model.kind === "diagnosis" ? "riskOf" : "scoreOf", { score: number(score) }));
  if (!zones.length) return element("div", {}, title);
  const bands = zones.map((zone) => element("li", { class: zone.tone }, zoneWord(model, zone)));
  const marker = element("span", { class: "marker", "aria-hidden": "true" });
  marker.style.left = `${100 * placeOf(score, zones)}%`;
  const limits = [0, ...zones.slice(1).map((zone) => zone.low), 1];
  const ticks = limits.map((limit, place) => {
    const tick = element("span", {}, number(limit));
    tick.style.left = `${(100 * place) / zones.length}%`;
    return tick;
  });
  return element(
    "div",
    { class: "scored" },
    title,
    element("div", { class: "zones" }, element("ol", {}, ...bands), marker),
    element("p", { class: "ticks" }, ...ticks),
    element("p", { class: "hint" }, say("zoneHint")),
  );
}

function classes(model, answer) {
  const shares = Object.entries(answer).filter(([name, value]) => name.startsWith("p_") && Number.isFinite(value));
  if (!shares.length) return null;
  const rows = shares.map(([name, share]) => {
    const bar = element("span", { class: "fill" });
    bar.style.width = `${100 * share}%`;
    const label = element("th", { scope: "row" }, decisionWord(model, name.slice(2)));
    return element("tr", {}, label, element("td", { class: "bar" }, bar), element("td", {}, percent(share, 1)));
  });
  const least = model.thresholds?.referral?.least;
  const hint = Number.isFinite(least) && element("p", { class: "hint" }, say("least", { value: percent(least, 1) }));
  const table = element("table", { class: "bars" }, element("tbody", {}, ...rows));
  return element("div", {}, element("h3", {}, say("classes")), table, hint);
}

function predicted(model, { set }) {
  if (set === undefined || set === null) return null;
  const names = set.split("|").map((name) => name.trim()).filter(Boolean);
  const chips = names.map((name) => element("li", { class: "chip" }, decisionWord(model, name)));
  const level = (model.thresholds?.class_sets ?? model.thresholds?.sets)?.level;
  return element(
    "div",
    {},
    element("h3", {}, say("set")),
    names.length ? element("ul", { class: "chips" }, ...chips) : element("p", {}, say("setEmpty")),
    level ? element("p", { class: "hint" }, say("setMeaning", { level: percent(level, 1) })) : null,
  );
}

function pictures({ heatmap, image }, photo) {
  const figure = (source, word) => {
    const name = `${say(word)} ${image ?? ""}`;
    return element("figure", {}, element("img", { src: source, alt: name }), element("figcaption", {}, say(word)));
  };
  return element(
    "div",
    { class: "pictures" },
    photo ? figure(URL.createObjectURL(photo), "photo") : null,
    figure(`data:image/png;base64,${heatmap}`, "heatmap"),
    image ? element("p", { class: "hint" }, image) : null,
  );
}

function reasons(found) {
  const most = Math.max(...found.map(({ effect }) => Math.abs(effect)), 1e-12);
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(most))));
  const rows = found.map(({ text, value, effect }) => {
    const bar = element("span", { class: effect < 0 ? "down" : "up", hidden: effect === 0 });
    bar.style.width = `${(50 * Math.abs(effect)) / most}%`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, text),
      element("td", { class: "own" }, valueOf(value)),
      element("td", { class: "signed" }, bar),
      element("td", {}, signed(effect, decimals)),
    );
  });
  const heads = ["reason", "value", null, "effect"].map((word) =>
    element(word ? "th" : "td", word ? { scope: "col" } : {}, word ? say(word) : ""));
  return element(
    "div",
    {},
    element("h3", {}, say("reasons")),
    element("table", { class: "reasons" }, element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows)),
    element("p", { class: "hint" }, say("reasonsHint")),
  );
}

function valueOf(value) {
  if (value === null || value === undefined) return say("noValue");
  return typeof value === "number" ? number(value) : String(value);
}

export const nameOf = (column) => (known(`answer.${column}`) ? say(`answer.${column}`) : column);

// Columns that this page knows nothing of are shown as they are.
function further(answer) {
  const left = Object.entries(answer).filter(([name, value]) =>
    !TOLD.includes(name) && !name.startsWith("p_") && value !== null && value !== "");
  if (!left.length) return null;
  const entries = left.flatMap(([name, value]) => [element("dt", {}, nameOf(name)),
    element("dd", {}, valueOf(value))]);
  return element("div", {}, element("h3", {}, say("facts")), element("dl", {}, ...entries));
}
