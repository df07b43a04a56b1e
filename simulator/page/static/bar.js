// The top bar: the one clock of the world, bad days, language and looks.
import { act, get } from "./wire.js";
import { byId, el } from "./dom.js";
import { say } from "./toast.js";
import { fullMoment, kindWord, language, t, useLanguage } from "./words.js";

const PLACES = ["teams.service", "teams.out", "graph", "wecom.api", "wecom.api/cgi-bin/kf/send_msg", "wecom.out", "mail.in", "mail.out"];
const KINDS = ["delay", "drop", "lose_answer", "duplicate", "reorder", "throttle", "error"];

let clock = { now: null, running: false };
let heard = 0;

/** The world's moment now, ISO. */
export function worldNow() {
  if (!clock.now) return null;
  const ahead = clock.running ? performance.now() - heard : 0;
  return new Date(new Date(clock.now).getTime() + ahead).toISOString();
}

export function tellClock(told) {
  clock = told;
  heard = performance.now();
  const run = byId("run");
  run.setAttribute("aria-pressed", String(told.running));
  showClock();
}

function showClock() {
  const now = worldNow();
  if (!now) return;
  byId("now").textContent = fullMoment(now);
  byId("now").dateTime = now;
}

async function push(button) {
  const buttons = [...document.querySelectorAll("[data-push]")];
  if (buttons.some((one) => one.getAttribute("aria-busy") === "true")) return;
  button.setAttribute("aria-busy", "true");
  say(t("pushing"));
  const told = await act("/control/clock", { push_seconds: Number(button.dataset.push) });
  button.removeAttribute("aria-busy");
  if (told) tellClock(told);
}

/** Bad days with a name: what a visitor switches on with one click. */
const PRESETS = [
  ["twice", { place: "wecom.out", kind: "duplicate", times: 3 }],
  ["disorder", { place: "wecom.out", kind: "reorder", times: 3 }],
  ["slow", { place: "wecom.api", kind: "delay", times: 5, seconds: 3 }],
  ["teamsBusy", { place: "teams.service", kind: "throttle", times: 3, seconds: 2 }],
  ["noAnswer", { place: "wecom.api/cgi-bin/kf/send_msg", kind: "lose_answer", times: 1 }],
];

async function switchOn(fault) {
  if (await act("/control/faults", fault)) say(t("faultSet"));
  showFaults();
}

async function showFaults() {
  const told = await get("/control/faults");
  const active = told?.faults ?? [];
  byId("faults").classList.toggle("on", active.length > 0);
  byId("faults").querySelector("summary").dataset.count = active.length || "";
  byId("presets").replaceChildren(...PRESETS.map(([name, fault]) => el("button", { type: "button", on: { click: () => switchOn(fault) } }, t(name))));
  byId("active-faults").hidden = !active.length;
  byId("active-faults").replaceChildren(...active.map((one) => el("li", {}, t("faultLeft", { place: one.place, kind: kindWord(one.kind), n: one.times }))));
}

function wireFaults() {
  const form = byId("fault-form");
  form.elements.place.append(...PLACES.map((place) => el("option", {}, place)));
  form.elements.kind.append(...KINDS.map((kind) => el("option", { value: kind }, kind)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = (name) => Number(form.elements[name].value);
    const fault = { place: form.elements.place.value, kind: form.elements.kind.value, times: number("times"), seconds: number("seconds"), status: number("status") };
    switchOn(fault);
  });
  byId("calm").addEventListener("click", async () => {
    if (await act("/control/faults", {}, "DELETE")) say(t("faultsOff"));
    showFaults();
  });
}

function remember(name, value) { try { localStorage.setItem(`tower-${name}`, value); } catch { /* private window: not kept */ } }
function recall(name) { try { return localStorage.getItem(`tower-${name}`); } catch { return null; } }

function wireLooks(redraw) {
  const chosen = recall("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
  const wanted = new URLSearchParams(location.search);
  useLanguage(wanted.get("lang") ?? chosen);
  byId("language").value = language();
  byId("language").addEventListener("change", (event) => { useLanguage(event.target.value); remember("language", event.target.value); showClock(); showFaults(); redraw(); });
  const theme = wanted.get("theme") ?? recall("theme") ?? "auto";
  document.documentElement.dataset.theme = theme;
  byId("theme").value = theme;
  byId("theme").addEventListener("change", (event) => { document.documentElement.dataset.theme = event.target.value; remember("theme", event.target.value); });
}

/** Wire the bar; `redraw` draws every panel anew in another language. */
export function startBar(redraw) {
  wireLooks(redraw);
  wireFaults();
  for (const button of document.querySelectorAll("[data-push]")) button.addEventListener("click", () => push(button));
  byId("run").addEventListener("click", async () => {
    const told = await act("/control/clock", { running: !clock.running });
    if (told) tellClock(told);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const open of document.querySelectorAll("details.pop[open], details.overflow[open]")) open.open = false; });
  document.addEventListener("click", (event) => { for (const open of document.querySelectorAll("details.pop[open], details.overflow[open]")) if (!open.contains(event.target)) open.open = false; });
  setInterval(showClock, 1000);
  showFaults();
}
export { showFaults };
