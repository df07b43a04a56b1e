// What happened, newest first, and the numbers that count: said, delivered, lost, doubled, wake-ups.
import { get } from "./wire.js";
import { byId, el } from "./dom.js";
import { kindWord, language, moment, placeWord, t, verbWord } from "./words.js";

const KEPT = 300;
const PATIENCE = 10000;
const entries = [];
const names = new Map();
let lastSaid = -PATIENCE;
let again = 0;

export function noteEntry(entry) {
  entries.push(entry);
  if (entry.kind === "said") lastSaid = performance.now();
  if (entries.length > KEPT) entries.shift();
  const list = byId("log");
  list.prepend(row(entry));
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

function row(entry) {
  if (entry.kind === "step") return stepRow(entry);
  const { data } = entry;
  const text = data.text ?? data.subject ?? data.rule ?? (data.verb && verbWord(data.verb)) ?? data.name ?? data.event ?? data.url ?? data.path ?? data.to ?? placeOf(data.where) ?? "";
  const who = named(data.by ?? data.person ?? data.address ?? data.rep ?? data.userid ?? (data.status ? `${data.status}` : ""));
  const rest = Object.entries(data).filter(([name]) => !["text", "by"].includes(name)).map(([name, value]) => `${name}: ${named(value)}`).join("\n");
  return el("li", { value: entry.seq, class: `entry ${["refused", "mail_refused", "bounced"].includes(entry.kind) || entry.place === "fault" ? "bad" : ""}` },
    el("details", {}, el("summary", {},
      el("time", { dateTime: entry.at }, moment(entry.at)), el("span", { class: `chip chip-${entry.place}` }, placeWord(entry.place)),
      el("strong", {}, kindWord(entry.kind)), el("span", { class: "who" }, String(who)), el("span", { class: "what" }, String(text).slice(0, 200))),
    el("pre", {}, rest)));
}

/** A wire's id as the name of whom it stands for. */
const named = (value) => names.get(value) ?? String(value);

/** A conversation's wire id says little to a reader: the place where it is says more. */
function placeOf(where) {
  if (/^19:/.test(where ?? "")) return t("inThread");
  return /^a:/.test(where ?? "") ? t("personal") : where;
}

/** A step of the story: what happened, what it meant, and what people now see, in their own words. */
function stepRow({ seq, at, data }) {
  const tongue = language();
  const seen = String(data.seen ?? "").split("\n").filter(Boolean).map((line) => line.split("\t"));
  return el("li", { value: seq, class: "entry told" },
    el("p", {}, el("time", { dateTime: at }, moment(at)), " ", el("span", { class: "chip chip-story" }, `${data.number}/${data.of}`), " ", el("strong", {}, data[tongue])),
    el("p", { class: "because" }, data[`because_${tongue}`]),
    seen.length ? el("ul", { class: "seen", "aria-label": t("seenNow") }, ...seen.map(([place, text]) => el("li", {}, el("span", { class: `chip chip-${place}` }, placeWord(place)), " ", text ?? ""))) : null);
}

export function drawLog() {
  byId("log").replaceChildren(...entries.slice().reverse().map(row));
}

/** Said and not yet shown is on the way for ten seconds; after that it is called lost until it turns up. */
export async function drawCounts() {
  const counts = await get("/control/counts");
  if (!counts) return;
  const young = lastSaid + PATIENCE - performance.now();
  const shown = counts.lost && young > 0 ? { ...counts, lost: 0, onTheWay: counts.lost } : counts;
  clearTimeout(again);
  if (shown.onTheWay) again = setTimeout(drawCounts, young + 50);
  const pairs = ["said", "delivered", "onTheWay", "lost", "doubled", "wakeups"].filter((name) => name in shown);
  byId("counts").replaceChildren(...pairs.map((name) =>
    el("div", { class: name === "lost" || name === "doubled" ? (shown[name] ? "bad" : "fine") : "" }, el("dt", {}, t(name)), el("dd", {}, String(shown[name])))));
}

/** Whose ids the wires use. */
export function nameEverybody({ people, employees }) {
  for (const { id, name } of people) names.set(id, name);
  for (const { aad_id, teams_id, userid, name } of employees) for (const id of [aad_id, teams_id, userid]) names.set(id, name);
}

/** On a small window the drawer starts closed. */
export function startDrawer() {
  if (matchMedia("(max-width: 760px)").matches) byId("drawer").open = false;
}
