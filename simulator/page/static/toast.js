// Short messages about what just happened; read out politely, gone after a while.
import { byId, el } from "./dom.js";

export function say(text, tone = "good") {
  const node = el("p", { class: `toast ${tone}` }, String(text).slice(0, 400));
  byId("toasts").append(node);
  setTimeout(() => node.remove(), tone === "bad" ? 9000 : 5000);
}
