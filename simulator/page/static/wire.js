// The page's only way to the world: the control API, and its events.
import { say } from "./toast.js";
import { t } from "./words.js";

/** GET JSON; null when it cannot be had. */
export async function get(path) {
  try {
    const response = await fetch(path, { headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : null;
  } catch { return null; }
}

/** Do something through the control API. Failures are told to the visitor; the answer is null then. */
export async function act(path, body = {}, method = "POST") {
  try {
    const response = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    say(`${t("failed")}: ${answer.error ?? response.status}`, "bad");
  } catch { say(t("unreachable"), "bad"); }
  return null;
}

/** Once per burst: run `work` soon, and again if asked while it ran. */
export function soon(work, pause = 60) {
  let state = "idle";
  const run = async () => {
    state = "running";
    await work();
    const again = state === "asked";
    state = "idle";
    if (again) ask();
  };
  const ask = () => {
    if (state === "running") state = "asked";
    else if (state === "idle") { state = "waiting"; setTimeout(run, pause); }
  };
  return ask;
}

/** Follow the world. The browser reconnects by itself and resumes after the last event seen. */
export function follow({ entry, clock, story, link }) {
  const source = new EventSource("/control/events");
  source.addEventListener("open", () => link(true));
  source.addEventListener("error", () => link(false));
  source.addEventListener("entry", (event) => entry(JSON.parse(event.data)));
  source.addEventListener("story", (event) => story(JSON.parse(event.data)));
  source.addEventListener("clock", (event) => clock(JSON.parse(event.data)));
}
