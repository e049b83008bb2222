// A page that waits for something the feed does not tell of: asked for again until the
// server says that nothing is waited for any more.

import { show, textOfNow } from "./live.js";

const EVERY_MS = 1000;

async function look() {
  if (!document.querySelector("[data-waiting]")) return;
  try {
    const text = await textOfNow();
    if (text) await show(text);
  } catch {
    // The next look tells more.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
