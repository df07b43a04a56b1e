// The customer as a visitor of a web site: the hub's token, then Direct Line and nothing else.
import { say } from "./toast.js";
import { t } from "./words.js";

const visits = new Map();
let hub = "";

export const startWebchat = (facts) => { hub = facts.hub_url; };

async function call(url, visit, body) {
  const headers = { "Content-Type": "application/json", ...(visit ? { Authorization: `Bearer ${visit.token}` } : {}) };
  const response = await fetch(url, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** A conversation of this person's own, begun when she first writes. */
async function begun(person) {
  if (visits.has(person)) return visits.get(person);
  const pass = await call(`${hub}/api/v1/webchat/token`, null, {});
  const visit = { token: pass.token, id: pass.conversationId };
  await call("/directline/v3/directline/conversations", visit, {});
  visits.set(person, visit);
  return visit;
}

const line = (visit) => `/directline/v3/directline/conversations/${encodeURIComponent(visit.id)}/activities`;

/** What she and the company wrote, as lines of a chat. */
export async function webLines(person) {
  const visit = visits.get(person);
  if (!visit) return [];
  try {
    const { activities } = await call(line(visit), visit);
    return activities.filter((one) => one.type === "message").map((one) => ({
      msgid: one.id, at: one.timestamp, by: one.from.role === "bot" ? "hub" : "customer", msgtype: "text",
      text: one.text ?? "", offers: (one.suggestedActions?.actions ?? []).map((offer) => offer.title ?? offer.value) }));
  } catch { return []; }
}

/** She writes; whether it was taken. */
export async function webSay(person, text, tongue) {
  try {
    const visit = await begun(person);
    await call(line(visit), visit, { type: "message", text, locale: tongue, from: { id: "visitor" } });
    return true;
  } catch (problem) {
    say(`${t("failed")}: ${problem.message}`, "bad");
    return false;
  }
}
