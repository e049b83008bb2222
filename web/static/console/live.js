// What makes a page move: the feed tells that something happened that the page is about,
// and the parts of it with `data-live` are fetched again and made like the new ones.
//
// `data-position` is where the log was when the page was made, so nothing is missed;
// `data-follows` is the query of what is followed, like `operation=<id>`. The server
// alone knows how things look: no words and no rules are repeated here.

import { morphing } from "./morph.js";
import { setClock, tellTimesIn } from "./times.js";

const PAUSE_MS = 400;
// A page that takes long to make is asked for less often.
const PAUSE_FACTOR = 4;
// So long may the parts be changed before the screen has its turn.
const SLICE_MS = 4;
const RECONNECT_MS = [500, 1000, 2000, 5000, 10_000];
// Whoever looks may not see the page any more, or it is about something deleted.
const NO_MORE = [401, 403, 404, 410];

const { position, follows } = document.body.dataset;
let told = Number(position);
let failures = 0;
let isWanted = false;
let isFetching = false;
let showing = 0;
let hasEnded = false;

/** Follow what the page is about, if it says so. */
export function follow() {
  if (!follows || !document.querySelector("[data-live]")) return;
  connect();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isWanted) refresh();
  });
}

function connect() {
  const query = follows === "everything" ? "" : `&${follows}`;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const path = `/ws/firmware-upgrader/event/?after=${told}${query}`;
  const socket = new WebSocket(`${scheme}://${location.host}${path}`);
  socket.addEventListener("open", () => {
    hasEnded = false;
    failures = 0;
    say("live");
  });
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", () => {
    if (!hasEnded) say("lost");
    const wait = RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)];
    setTimeout(failures > 1 ? reconnect : connect, wait);
  });
}

/** Connect from where the page made anew is: the log may be another one by now, and
 *  whoever is logged out by now is told so. */
async function reconnect() {
  try {
    const text = await textOfNow();
    if (text) await show(text);
  } catch {
    // Nobody answers yet.
  }
  connect();
}

function hear(message) {
  if (message.position > told) told = message.position;
  if (!message.specversion || document.querySelector("[data-stands-still]")) return;
  document.dispatchEvent(new CustomEvent("flashlog:event", { detail: message }));
  want();
}

/** Have the live parts made anew, now or when the last ones have been shown a while. */
function want() {
  isWanted = true;
  if (!isFetching && !document.hidden) refresh();
}

async function refresh() {
  isWanted = false;
  isFetching = true;
  const begun = performance.now();
  try {
    const text = await textOfNow();
    if (text) await show(text);
  } catch {
    // The feed says when the connection is back.
  }
  const pause = Math.max(PAUSE_MS, PAUSE_FACTOR * (performance.now() - begun));
  setTimeout(() => {
    isFetching = false;
    if (isWanted && !document.hidden) refresh();
  }, pause);
}

/** Return the page as it is now; blank where the server cannot tell just now, and where
 *  there is no such page any more: then the window shows what there is instead. */
export async function textOfNow() {
  const path = location.href;
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  const text = await answer.text();
  // Meanwhile the window may have come to show something else.
  if (path !== location.href) return "";
  if (answer.redirected || NO_MORE.includes(answer.status)) {
    // What somebody is typing here is not thrown away.
    hasEnded = isFilledIn();
    if (hasEnded) say("ended");
    else location.reload();
    return "";
  }
  return answer.ok ? text : "";
}

/** Make the live parts like those of another text of this page, a few rows a frame. */
export async function show(text) {
  const mine = ++showing;
  const page = new DOMParser().parseFromString(text, "text/html");
  setClock(page.body);
  let begun = performance.now();
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    tellTimesIn(fresh);
    for (const _ of morphing(old, fresh)) {
      if (performance.now() - begun < SLICE_MS) continue;
      await nextFrame();
      // Something newer is shown by now.
      if (mine !== showing) return;
      begun = performance.now();
    }
  }
  document.title = page.title;
  told = Number(page.body.dataset.position);
  document.dispatchEvent(new CustomEvent("flashlog:shown"));
}

/** Wait until what was changed is on the screen; nobody looks at a hidden page. */
function nextFrame() {
  return new Promise((done) => {
    if (document.hidden) setTimeout(done);
    else requestAnimationFrame(() => setTimeout(done));
  });
}

/** Whether something was typed or chosen in a form that would change something. */
function isFilledIn() {
  const fields = "input:not([type=hidden]), textarea, select";
  return [...document.querySelectorAll("form[method=post]")].some((form) =>
    [...form.querySelectorAll(fields)].some(isChanged),
  );
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") {
    return field.checked !== field.defaultChecked;
  }
  if (field.options) {
    return [...field.options].some((each) => each.selected !== each.defaultSelected);
  }
  return field.value !== field.defaultValue;
}

function say(state) {
  const words = document.getElementById("connection");
  words.hidden = false;
  words.classList.toggle("lost", state !== "live");
  const text = words.dataset[`${state}Words`];
  if (words.textContent !== text) words.textContent = text;
}
