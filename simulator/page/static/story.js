// The story bar: play, pause, one step, speed, start again; and the narrator, who points at where it happens.
import { act, get } from "./wire.js";
import { bring, bringIntoWindow, byId, choose } from "./dom.js";
import { showCustomer } from "./desk.js";
import { say } from "./toast.js";
import { language, t } from "./words.js";

const PLACES = ["phone", "teams", "desk", "mail"];
const WITH_SIDEBAR = 5;
/** From this step on the rep's WeCom shows the customer's page: he has claimed her. */
const AT_THE_CARD = new Set(["bot_installed", "customer_wrote", "routed_with_reason", "rep_claimed"]);

let facts = { people: [], employees: [], company: "" };
let told = null;
let shownStep = "";

const ended = () => told?.state === "over" || told?.state === "halted";
const running = () => told?.state === "playing" || told?.state === "pausing";

export function tellStory(news) {
  if (told && news.version < told.version) return;
  const begins = (told?.state ?? "ready") === "ready" && news.state !== "ready";
  told = news;
  if (begins) castRoles();
  drawStory();
  if (told.step) point();
}

export function drawStory() {
  if (!told) return;
  const play = byId("story-play");
  play.textContent = t(running() ? "storyPause" : ended() ? "restart" : told.done ? "storyGoOn" : "storyPlay");
  play.disabled = told.state === "pausing" || (ended() && !told.again);
  byId("story-step").disabled = running() || told.state === "over" || told.state === "halted";
  byId("story-restart").hidden = !told.again || ended();
  byId("story-speed").value = told.speed;
  byId("story-progress").max = told.of;
  byId("story-progress").value = told.done;
  byId("story-count").textContent = told.step ? `${Math.min(told.of, told.done + (told.acting ? 1 : 0))}/${told.of}` : "";
  byId("story").dataset.state = told.state;
  narrate();
}

function narrate() {
  const tongue = language();
  const telling = told.telling;
  const first = told.state === "halted" ? t("storyHalted", { why: told.trouble }) : telling ? telling[tongue] : t("storyReady");
  const because = telling && !told.acting ? telling[`because_${tongue}`] : "";
  write("narrator", first);
  write("because", told.state === "over" ? `${because} ${t("storyOver")}` : because);
}

/** Written only when it changed, so that it is not read out twice. */
function write(id, text) { if (byId(id).textContent !== text) byId(id).textContent = text; }

/** Everybody on stage: the panels show the people of the story. */
function castRoles() {
  const customer = facts.people.find((one) => one.name === told.people.customer);
  const rep = reader();
  choose("person", customer?.name);
  choose("through", "wecom");
  choose("owner", customer?.mail);
  choose("rep", rep?.aad_id);
  choose("member", rep?.userid);
  choose("view", "channels");
  showOnlySteps(true);
}

/** Through whose eyes the visitor reads: the rep of the story, or somebody whose cards and pages are in English. */
function reader() {
  const rep = facts.employees.find((one) => one.name === told.people.rep);
  if (language() === "zh") return rep;
  return facts.employees.find((one) => one.role === "manager" && one.language.startsWith("en")) ?? rep;
}

/** The drawer without, or with, what went over the wire. */
function showOnlySteps(only) {
  byId("story-only").checked = only;
  byId("log").classList.toggle("steps-only", only);
}

/** Light up the place where it happens, and bring what is new into view. */
function point() {
  const place = told.telling.place;
  for (const id of PLACES) byId(id).classList.toggle("lit", id === place && told.state !== "over");
  const step = `${told.step}/${told.acting}`;
  if (step === shownStep) return;
  shownStep = step;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (matchMedia("(max-width: 1199px)").matches) bringIntoWindow(byId(place), calm ? "auto" : "smooth");
  setTimeout(show, 350);
  const customer = facts.people.find((one) => one.name === told.people.customer);
  if (!told.acting && told.done >= WITH_SIDEBAR && customer) showCustomer(customer.id);
}

function show() {
  if (told.telling.place === "mail") for (const letter of [...document.querySelectorAll("#letters .letter")].slice(0, 1)) letter.open = true;
  const box = byId("threads");
  const thread = box.querySelector(".thread");
  if (!thread || told.telling.place !== "teams") return;
  if (AT_THE_CARD.has(told.step)) box.scrollTop = 0;
  else bring(box, thread.querySelector(".posts > :last-child"));
}

async function move(deed) {
  const answer = await act("/control/story", { do: deed });
  if (answer) tellStory(answer);
  return answer;
}

/** A new company: wait until another one answers here, then begin afresh with it. */
async function restart() {
  if (!await move("restart")) return;
  say(t("restarting"));
  for (const id of ["story-restart", "story-play"]) byId(id).setAttribute("aria-busy", "true");
  const look = async () => {
    const now = await get("/page/world");
    if (now && now.company !== facts.company) location.reload();
    else setTimeout(look, 500);
  };
  look();
}

export function startStory(world) {
  facts = world;
  byId("story-play").addEventListener("click", () => (ended() ? restart() : move(running() ? "pause" : "play")));
  byId("story-step").addEventListener("click", () => move("step"));
  byId("story-speed").addEventListener("change", (event) => move(event.target.value));
  byId("story-only").addEventListener("change", (event) => showOnlySteps(event.target.checked));
  byId("story-restart").addEventListener("click", restart);
}
