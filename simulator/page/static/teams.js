// The rep's Teams: channels with their threads, or her own chat with Tower; cards that can be clicked.
import { act, get } from "./wire.js";
import { byId, el, face, fill, keep, radio, safeUrl } from "./dom.js";
import { drawCard } from "./cards.js";
import { marked } from "./cardtext.js";
import { showDialog } from "./dialog.js";
import { say } from "./toast.js";
import { moment, t } from "./words.js";
import { sendOnEnter } from "./phone.js";
import { worldNow } from "./bar.js";

let world = { employees: [] };
const refreshed = new Map();
const rep = () => world.employees.find((one) => one.aad_id === byId("rep").value) ?? world.employees[0];
const look = () => [document.documentElement.lang, rep().aad_id, byId("compat").checked];

export async function drawTeams() {
  if (!rep()) return;
  const box = byId("threads");
  if (radio("view") === "personal") return drawPersonal(box);
  const told = await get("/control/teams/threads");
  const channels = (told?.channels ?? []).filter((channel) => !channel.deleted);
  const threads = channels.flatMap((channel) => channel.threads.map((thread) => ({ channel, thread })));
  threads.sort((a, b) => latest(b.thread).localeCompare(latest(a.thread)));
  const items = threads.map(({ channel, thread }) => [thread.id, [channel.name, look()], () => threadBox(thread.id, channel.name)]);
  if (!threads.length) items.push(["empty", [document.documentElement.lang, channels.map((one) => one.name)], () => nobody(channels)]);
  keep(box, items);
  for (const { thread } of threads) drawPosts(box.querySelector(`[data-key="${CSS.escape(thread.id)}"] .posts`), [thread.root, ...thread.replies]);
}

/** Before the first thread: the channels that wait for one. */
function nobody(channels) {
  return el("div", { class: "empty" }, el("span", { class: "empty-mark", "aria-hidden": "true" }, "#"), el("p", {}, t("threadsEmpty")),
    el("p", { class: "flow" }, ...channels.map((channel) => el("span", { class: "badge" }, `# ${channel.name}`))));
}

const latest = (thread) => [thread.root, ...thread.replies].map((post) => post.at).sort().at(-1) ?? "";

async function drawPersonal(box) {
  const chat = await get(`/control/teams/personal?rep=${encodeURIComponent(rep().aad_id)}`);
  const posts = chat?.messages ?? [];
  keep(box, [["personal", look(), () => threadBox("", t("personal"), true)]]);
  const list = box.querySelector(".posts");
  if (posts.length) drawPosts(list, posts);
  else keep(list, [["empty", document.documentElement.lang, () => el("p", { class: "empty" }, t("personalEmpty"))]]);
}

function threadBox(id, name, personal = false) {
  return el("article", { class: "thread", "aria-label": name },
    el("h3", { class: "channel" }, name), el("div", { class: "posts" }), composer(id, personal));
}

function drawPosts(list, posts) {
  keep(list, posts.map((post) => [post.id, [post, look()], () => postBox(post)]));
  for (const post of posts) askForFresh(post);
}

function postBox(post) {
  const body = post.deleted ? [el("p", { class: "hint" }, t("deletedMark"))] : [
    post.text && el("div", { class: "text" }, ...(post.by_bot ? marked(post.text) : [post.text])),
    ...cardsFor(post).map((card) => drawCard(card, hostFor(post))),
  ];
  return el("div", { class: `post ${post.by_bot ? "bot" : "person"}` }, face(post.author, post.by_bot ? "hub" : ""),
    el("p", { class: "byline" }, el("strong", {}, post.author), " ", el("time", { dateTime: post.at }, moment(post.at, worldNow())), post.edited ? ` · ${t("editedMark")}` : ""),
    ...body);
}

/** The rep's own view of a card when she has one. */
function cardsFor(post) {
  const own = post.views?.[rep().aad_id];
  return own ? [own, ...post.cards.slice(1)] : post.cards;
}

/** As Teams does when a card comes into view: run its refresh once for each state of the card and each rep listed. */
function askForFresh(post) {
  const refresh = post.cards[0]?.refresh;
  if (post.deleted || refresh?.action?.type !== "Action.Execute") return;
  if (refresh.userIds && !refresh.userIds.includes(rep().teams_id)) return;
  const key = `${post.id}/${rep().aad_id}`;
  const state = JSON.stringify(post.cards[0]);
  if (refreshed.get(key) === state) return;
  refreshed.set(key, state);
  fetch("/control/teams/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ rep: rep().aad_id, activity_id: post.id }) }).catch(() => null);
}

function hostFor(post) {
  return {
    compat: byId("compat").checked,
    mark: post.id,
    open: (url) => window.open(safeUrl(url), "_blank", "noopener"),
    execute: async (action, inputs) => {
      const answer = await act("/control/teams/card", { rep: rep().aad_id, activity_id: post.id, verb: action.verb, match: scalars(action.data), inputs });
      if (answer) tell(answer);
      return answer?.status === 200 && answer.body?.statusCode === 200 && answer.body?.type === "application/vnd.microsoft.card.adaptive";
    },
    submit: async (action, inputs) => {
      const answer = await act("/control/teams/task", { rep: rep().aad_id, activity_id: post.id, data: { ...action.data, ...inputs } });
      if (answer) openTask(post, answer);
    },
  };
}

/** Data by which the right button is found when several share a verb. */
const scalars = (data) => Object.fromEntries(Object.entries(data ?? {}).filter(([, value]) => typeof value !== "object"));

function tell(answer) {
  const body = answer.body ?? {};
  if (answer.status !== 200 || (body.statusCode ?? 200) !== 200) {
    const why = body.value?.message ?? body.value ?? "";
    return say(`${t("hubSaid", { n: body.statusCode ?? answer.status })} ${typeof why === "string" ? why : ""}`, "bad");
  }
  if (body.type === "application/vnd.microsoft.activity.message") say(body.value);
}

/** A dialog of a task module: its card, whose submit goes back to the hub. */
function openTask(post, answer) {
  const task = answer.body?.task;
  if (!task) return tell(answer);
  if (task.type === "message") return say(task.value);
  const card = task.value?.card?.content ?? task.value?.card;
  if (!card) return say(t("hubSaid", { n: answer.status }), "bad");
  const host = { ...hostFor(post), submit: async (action, inputs) => {
    const next = await act("/control/teams/task", { rep: rep().aad_id, activity_id: post.id, data: { ...action.data, ...inputs }, submit: true });
    close();
    if (next) openTask(post, next);
  } };
  const close = showDialog(task.value.title ?? "", drawCard(card, host));
}

function composer(conversation, personal) {
  const ways = personal ? [["command", t("command")]] : [["note", t("note")], ["reply", t("reply")], ["command", t("command")]];
  const area = el("textarea", { name: "text", rows: 1, required: true, maxLength: 4000, placeholder: t("writeInThread"), data: { mark: `${conversation}/text` } });
  const way = el("select", { name: "way", data: { mark: `${conversation}/way` } }, ...ways.map(([value, label]) => el("option", { value }, label)));
  const form = el("form", { class: "composer" },
    el("label", { class: "wide" }, el("span", { class: "quiet" }, t("message")), area),
    personal ? null : el("label", {}, el("span", { class: "quiet" }, t("sendAs")), way),
    el("button", {}, t("send")));
  sendOnEnter(area);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = area.value.trim();
    if (!words) return;
    const where = personal ? { personal: true } : { conversation };
    const text = way.value === "reply" ? `回复 ${words}` : words;
    area.value = "";
    const answer = await act("/control/teams/say", { rep: rep().aad_id, ...where, text, mention: !personal && way.value !== "note" });
    if (!answer) area.value = words;
    else if (!answer.delivered) say(t("notHeard"), "bad");
  });
  return form;
}

export function startTeams(facts) {
  world = facts;
  fill(byId("rep"), world.employees.filter((one) => one.in_teams).map((one) => [one.aad_id, one.name]));
  for (const id of ["rep", "view", "compat"]) byId(id).addEventListener("change", drawTeams);
}
