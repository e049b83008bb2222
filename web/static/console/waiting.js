// A page that waits for something the feed does not tell of: asked for again until the
// server says that nothing is waited for any more.

import { show } from "./live.js";

const EVERY_MS = 1000;

async function look() {
  if (!document.querySelector("[data-waiting]")) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) show(await answer.text());
  } catch {
    // The next look tells more.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
