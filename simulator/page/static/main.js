// Puts the page together: facts once, then whatever the world says has happened.
import { drawCounts, drawLog, nameEverybody, noteEntry, startDrawer } from "./drawer.js";
import { drawDesk, startDesk } from "./desk.js";
import { drawMailbox, startMailbox } from "./mailbox.js";
import { drawPhone, noteFriend, startPhone } from "./phone.js";
import { drawTeams, startTeams } from "./teams.js";
import { drawStory, startStory, tellStory } from "./story.js";
import { byId } from "./dom.js";
import { follow, get, soon } from "./wire.js";
import { showFaults, startBar, tellClock } from "./bar.js";
import { t } from "./words.js";

const redraw = {
  wecom: [soon(drawPhone), soon(drawDesk)], teams: [soon(drawTeams)], mail: [soon(drawMailbox)], fault: [soon(showFaults)], webchat: [soon(drawPhone)],
};
const recount = soon(drawCounts, 200);
const all = () => { for (const asks of Object.values(redraw)) for (const ask of asks) ask(); recount(); };

function link(up) {
  const note = byId("link");
  note.hidden = up;
  note.textContent = up ? "" : t("linkLost");
  if (up) all();
}

async function start() {
  startBar(() => { all(); drawLog(); drawStory(); });
  startDrawer();
  const facts = await get("/page/world");
  if (!facts) return link(false);
  nameEverybody(facts);
  for (const begin of [startPhone, startTeams, startDesk, startMailbox, startStory]) begin(facts);
  follow({
    link,
    clock: tellClock,
    story: tellStory,
    entry: (entry) => {
      noteEntry(entry);
      noteFriend(entry);
      for (const ask of redraw[entry.place] ?? []) ask();
      recount();
    },
  });
}

start();
