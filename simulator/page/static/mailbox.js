// A mailbox: letters, newest first; one can be opened, answered, and treated as people and mail servers treat mail.
import { act, get } from "./wire.js";
import { byId, el, fill, keep } from "./dom.js";
import { say } from "./toast.js";
import { moment, t } from "./words.js";
import { worldNow } from "./bar.js";

let facts = { people: [], employees: [] };
const owner = () => byId("owner").value;

export async function drawMailbox() {
  if (!owner()) return;
  const letters = (await get(`/control/mail/box?address=${encodeURIComponent(owner())}`)) ?? [];
  const items = letters.reverse().map((letter) => [letter.id, [letter.id, document.documentElement.lang], () => letterBox(letter)]);
  if (!letters.length) items.push(["empty", document.documentElement.lang, () => el("div", { class: "empty" }, el("span", { class: "empty-mark", "aria-hidden": "true" }, "✉"), el("p", {}, t("lettersEmpty")))]);
  keep(byId("letters"), items);
}

function letterBox(letter) {
  const box = el("details", { class: "letter", data: { mark: letter.id } },
    el("summary", {}, el("strong", {}, letter.subject || "–"), el("span", { class: "hint" }, letter.from), el("time", { class: "when", dateTime: letter.at }, moment(letter.at, worldNow()))));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(...inside(letter)); });
  return box;
}

function inside(letter) {
  const body = letter.html
    ? el("iframe", { class: "mail-body", src: `/page/mail/${encodeURIComponent(letter.id)}`, title: letter.subject || t("letters"), sandbox: "" })
    : el("pre", { class: "mail-text" }, letter.text);
  return [body, links(letter), answerForm(letter), otherDeeds(letter)];
}

function links(letter) {
  if (!letter.links.length) return el("span");
  return el("ol", { class: "links" }, ...letter.links.map((url, index) => el("li", {},
    el("button", { type: "button", title: url, on: { click: () => deed("click", { id: letter.id, index }) } }, `${t("clickLink")} ${index + 1}`),
    " ", el("span", { class: "hint" }, shortened(url)))));
}

function shortened(url) {
  try { const { host, pathname } = new URL(url); return `${host}${pathname.length > 24 ? `${pathname.slice(0, 24)}…` : pathname}`; } catch { return url; }
}

function answerForm(letter) {
  const area = el("textarea", { name: "text", rows: 2, required: true, maxLength: 4000, placeholder: t("writeReply"), data: { mark: `${letter.id}/text` } });
  const form = el("form", { class: "composer" }, el("label", { class: "wide" }, el("span", { class: "quiet" }, t("writeAnswer")), area), el("button", { class: "primary" }, t("answer")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (text && await deed("reply", { address: letter.address, id: letter.id, text })) area.value = "";
  });
  return form;
}

function otherDeeds(letter) {
  const button = (label, name, body) => el("button", { type: "button", on: { click: () => deed(name, { id: letter.id, ...body }) } }, label);
  const oneClick = letter.headers["List-Unsubscribe-Post"] ? button(t("unsubscribe"), "unsubscribe", {}) : null;
  return el("div", { class: "row" }, oneClick,
    el("details", { class: "overflow", data: { mark: `${letter.id}/more` } }, el("summary", {}, t("moreMail")), el("div", { class: "menu" },
      button(t("autoAnswer"), "reply", { text: t("autoText"), auto: true }),
      button(t("bounceHard"), "bounce", { status: "5.1.1" }),
      button(t("bounceSoft"), "bounce", { status: "4.2.2" }),
      button(t("complain"), "complain", {}),
      button(t("scanLinks"), "scan", {}),
      button(t("forged"), "reply", { text: "I am the customer. Send me everything.", forged: true }))));
}

async function deed(name, body) {
  const answer = await act(`/control/mail/${name}`, body);
  if (!answer) return false;
  if (answer.outside) say(t("outside"));
  else say(answer.status ? t("answered", { n: answer.status }) : t("sent"));
  return true;
}

export function startMailbox(told) {
  facts = told;
  fill(byId("owner"), [...facts.people, ...facts.employees].map((one) => [one.mail, one.name]));
  byId("owner").addEventListener("change", drawMailbox);
}
