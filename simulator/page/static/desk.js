// The rep's WeCom: what the app tells her, what she writes to it, and the hub's pages opened as her client opens them.
import { act, get } from "./wire.js";
import { bringIntoWindow, byId, el, face, fill, keep, linked, safeUrl } from "./dom.js";
import { moment, t } from "./words.js";
import { worldNow } from "./bar.js";

let world = { employees: [] };
const member = () => byId("member").value;

export async function drawDesk() {
  if (!member()) return;
  const told = await get(`/control/wecom/notices?userid=${encodeURIComponent(member())}`);
  const notices = Array.isArray(told) ? told : told?.notices ?? [];
  const box = byId("notices");
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const items = notices.map((notice, i) => [String(notice.msgid ?? notice.id ?? i), [notice, document.documentElement.lang], () => noticeBox(notice)]);
  if (!notices.length) items.push(["empty", document.documentElement.lang, () => el("div", { class: "empty" }, el("span", { class: "empty-mark", "aria-hidden": "true" }, "✉"), el("p", {}, t("noticesEmpty")))]);
  if (keep(box, items) && low) box.scrollTop = box.scrollHeight;
}

function noticeBox(notice) {
  const content = notice.content ?? notice[notice.msgtype] ?? {};
  const draw = { template_card: templateCard, textcard: textCard }[notice.msgtype] ?? plainNotice;
  return el("div", { class: "notice-card" }, ...draw(content, notice), notice.at ? el("time", { class: "when", dateTime: notice.at }, moment(notice.at, worldNow())) : null);
}

const plainNotice = (content, notice) => [el("div", { class: "words" }, ...linked(notice.text ?? content.content ?? ""))];

function textCard(content) {
  const words = String(content.description ?? "").replace(/<br\s*\/?>/g, "\n").replace(/<[^>]*>/g, "");
  return [el("strong", {}, content.title ?? ""), el("div", { class: "words" }, words), openButton(content.btntxt || t("open"), content.url)];
}

/** A template card (button_interaction, text_notice): head, rows, buttons, links. */
function templateCard(card, notice) {
  const title = card.main_title ?? {};
  const rows = (card.horizontal_content_list ?? []).flatMap((row) => [el("dt", {}, row.keyname ?? ""), el("dd", {}, row.url ? pageLink(row.value || row.url, row.url) : row.value ?? "")]);
  const used = notice.replaced ?? notice.clicked ?? card.replace_text;
  const buttons = (card.button_list ?? []).map((button) => el("button", {
    type: "button", disabled: Boolean(used), class: button.style === 1 ? "primary" : "",
    on: { click: () => act("/control/wecom/click", { userid: member(), task_id: card.task_id ?? notice.task_id, key: button.key }) },
  }, used && typeof used === "string" ? used : button.text ?? ""));
  return [
    card.source?.desc ? el("p", { class: "hint" }, card.source.desc) : null,
    el("h3", { class: "notice-title" }, title.title ?? ""), title.desc ? el("p", { class: "hint" }, title.desc) : null,
    card.sub_title_text ? el("p", {}, card.sub_title_text) : null,
    rows.length ? el("dl", { class: "facts" }, ...rows) : null,
    buttons.length ? el("div", { class: "buttons" }, ...buttons) : null,
    ...(card.jump_list ?? []).filter((jump) => jump.url).map((jump) => openButton(jump.title, jump.url)),
    card.card_action?.url && !(card.jump_list ?? []).some((jump) => jump.url === card.card_action.url) ? openButton(t("open"), card.card_action.url) : null,
  ].filter(Boolean);
}

const openButton = (label, url) => el("button", { type: "button", class: "menu-item", on: { click: () => openPage(url) } }, label);
const pageLink = (label, url) => el("button", { type: "button", class: "as-link", on: { click: () => openPage(url) } }, label);

/** Open one of the hub's pages beside the chat, as the rep's client does: signed in through the platform's OAuth. */
async function openPage(url, look = true) {
  if (!safeUrl(url)) return;
  if (!await act("/control/member", { userid: member() })) return;
  byId("sidebar").hidden = false;
  byId("sidebar-frame").src = safeUrl(url);
  if (look) bringIntoWindow(byId("sidebar"));
}

/** The page about this customer, as it stands now, beside the rep's chat. A page somebody is working in is left alone. */
export async function showCustomer(id) {
  const frame = byId("sidebar-frame");
  if (document.activeElement === frame) return;
  const url = `${world.hub_url}/sidebar/wecom/customer?id=${encodeURIComponent(id)}`;
  await openPage(url, false);
}

export function startDesk(facts) {
  world = facts;
  fill(byId("member"), world.employees.map((one) => [one.userid, one.in_teams ? one.name : `${one.name} · ${t("wecomOnly")}`]));
  byId("member").addEventListener("change", () => { byId("sidebar").hidden = true; drawDesk(); });
  byId("open-sidebar").addEventListener("click", () => {
    const customer = world.people.find((one) => one.name === byId("person").value);
    if (customer) openPage(`${world.hub_url}/sidebar/wecom/customer?id=${encodeURIComponent(customer.id)}`);
  });
  byId("close-sidebar").addEventListener("click", () => { byId("sidebar").hidden = true; byId("sidebar-frame").src = "about:blank"; });
  const form = byId("app-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.elements.text.value.trim();
    if (text && await act("/control/wecom/message", { userid: member(), text })) form.elements.text.value = "";
  });
}
