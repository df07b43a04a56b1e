// The customer's phone: her chat with the company's account.
import { act, get } from "./wire.js";
import { byId, el, face, fill, keep, linked, radio, safeUrl } from "./dom.js";
import { moment, t } from "./words.js";
import { worldNow } from "./bar.js";
import { startWebchat, webLines, webSay } from "./webchat.js";

let world = { people: [], employees: [] };
const friendly = [];
const person = () => byId("person").value;
const onTheWeb = () => radio("through") === "webchat";
const tongue = () => world.people.find((one) => one.name === person())?.language ?? "en";

/** A rep's own contact greets her outside the account's chat; only the log knows when. */
export function noteFriend(entry) {
  if (entry.kind === "shown" && entry.data.where === "wecom.contact") friendly.push(entry);
}
const greetings = () => friendly.filter((entry) => entry.data.to === person()).map((entry) => (
  { msgid: `friend-${entry.seq}`, by: "friend", from: entry.data.by, text: entry.data.text, at: entry.at, msgtype: "text" }));

export async function drawPhone() {
  if (!person()) return;
  const box = byId("chat");
  const lines = onTheWeb() ? await webLines(person()) : await accountLines();
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const items = lines.map((line) => [line.msgid, [line, document.documentElement.lang], () => bubble(line)]);
  if (!lines.length) items.push(["empty", [document.documentElement.lang, onTheWeb()], empty]);
  byId("device-title").textContent = t(onTheWeb() ? "webTitle" : "kfTitle");
  byId("ways").hidden = onTheWeb();
  if (keep(box, items) && low) box.scrollTop = box.scrollHeight;
}

/** Before the first word: what to do, and the code of the fair stand to scan. */
function empty() {
  if (onTheWeb()) return el("div", { class: "empty" }, el("span", { class: "empty-mark", "aria-hidden": "true" }, "💬"), el("p", {}, t("webEmpty")));
  return el("div", { class: "empty" }, el("span", { class: "empty-mark", "aria-hidden": "true" }, "▦"), el("p", {}, t("chatEmpty")),
    el("button", { type: "button", class: "primary", on: { click: () => byId("enter-form").requestSubmit() } }, t("scanHere")));
}

async function accountLines() {
  const chat = await get(`/control/wecom/chat?person=${encodeURIComponent(person())}`);
  return [...(chat?.lines ?? []), ...greetings()].sort((a, b) => a.at.localeCompare(b.at));
}

const write = (text) => (onTheWeb() ? webSay(person(), text, tongue()) : act("/control/wecom/say", { person: person(), text }));

function bubble(line) {
  const mine = line.by === "customer";
  const body = line.msgtype === "msgmenu" ? menu(line.content) : medium(line) ?? inChat(line.text || `[${line.msgtype}]`);
  return el("div", { class: `bubble ${mine ? "mine" : "theirs"}` }, face(mine ? person() : line.from, mine || line.from ? "" : "hub"),
    line.from ? el("p", { class: "hint" }, t("friend", { name: line.from })) : null,
    el("div", { class: "words" }, ...body),
    ...(line.offers ?? []).map((offer) => el("button", { type: "button", class: "menu-item", on: { click: () => write(offer) } }, offer)),
    el("time", { class: "when", dateTime: line.at }, moment(line.at, worldNow())));
}

/** A picture as the phone shows it, any other file as a link; null for words. */
function medium(line) {
  const id = line.content?.media_id;
  if (!id) return null;
  const src = `/control/wecom/media/${encodeURIComponent(id)}`;
  if (line.msgtype === "image") return [el("img", { src, alt: `[${line.msgtype}]`, class: "medium" })];
  return [el("a", { href: src, download: "" }, line.content.filename || `[${line.msgtype}]`)];
}

/** Words of a chat. The company's own forms open inside the phone, as they do in WeChat; all else in a window. */
function inChat(text) {
  return linked(text).map((part) => {
    if (part.href?.startsWith(`${world.hub_url}/f/`)) part.addEventListener("click", (event) => { event.preventDefault(); openSheet(part.href, part); });
    return part;
  });
}

let before = null;

function openSheet(url, link) {
  before = link;
  byId("sheet-frame").src = url;
  byId("sheet").hidden = false;
  byId("sheet-close").focus();
}

export function closeSheet() {
  if (byId("sheet").hidden) return;
  byId("sheet").hidden = true;
  byId("sheet-frame").src = "about:blank";
  before?.isConnected ? before.focus() : byId("chat").focus();
}

/** A menu message: items that say something are buttons, items that lead somewhere are links. */
function menu(content) {
  const rows = (content.list ?? []).map((item) => {
    const part = item[item.type] ?? {};
    if (item.type === "click") return el("button", { type: "button", class: "menu-item", on: { click: () => act("/control/wecom/menu", { person: person(), id: part.id ?? part.content }) } }, part.content);
    if (item.type === "view") return el("a", { class: "menu-item", href: safeUrl(part.url), target: "_blank", rel: "noopener noreferrer" }, part.content);
    return el("span", {}, part.content ?? "");
  });
  return [el("span", {}, ...linked(content.head_content ?? "")), ...rows, el("span", {}, ...linked(content.tail_content ?? ""))];
}

/** Enter sends, Shift+Enter breaks the line; not while an input method composes. */
export function sendOnEnter(area) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); area.form.requestSubmit(); }
  });
}

export function startPhone(facts) {
  world = facts;
  fill(byId("person"), world.people.map((one) => [one.name, one.name]));
  startWebchat(world);
  byId("person").addEventListener("change", () => { closeSheet(); drawPhone(); });
  byId("through").addEventListener("change", () => { closeSheet(); drawPhone(); });
  byId("sheet-close").addEventListener("click", closeSheet);
  drawPhone();
  const form = byId("say-form");
  sendOnEnter(form.elements.text);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.elements.text.value.trim();
    if (!text) return;
    form.elements.text.value = "";
    byId("chat").scrollTop = byId("chat").scrollHeight;
    if (!await write(text)) form.elements.text.value = text;
  });
  byId("enter-form").addEventListener("submit", (event) => {
    event.preventDefault();
    act("/control/wecom/enter", { person: person(), scene: "qr", scene_param: event.target.elements.code.value.trim() });
  });
  byId("add").addEventListener("click", () => {
    const rep = world.employees.find((one) => one.userid === byId("member").value) ?? world.employees[0];
    act("/control/wecom/add", { person: person(), userid: rep.userid, state: byId("enter-form").elements.code.value.trim() });
  });
}
