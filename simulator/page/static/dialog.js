// One modal dialog of the page.
import { byId } from "./dom.js";

/** Show `body` under `title`; returns what closes it. */
export function showDialog(title, body) {
  const dialog = byId("dialog");
  byId("dialog-title").textContent = title || "Tower";
  byId("dialog-body").replaceChildren(body);
  byId("dialog-close").onclick = () => dialog.close();
  dialog.showModal();
  return () => dialog.close();
}
