// The replay slider: moving it shows the page as it was at that event. The server makes
// the page; here it is only asked for while the slider moves.

import { show } from "./live.js";

let asked = null;

// While the slider moves, or, where that takes long, when it stands still.
for (const moved of ["input", "change"]) {
  document.addEventListener(moved, ({ target }) => {
    if (target.closest("form[data-replay]")?.dataset.replay === moved) showAt(target);
  });
}

// At its end the slider follows what happens.
document.addEventListener("flashlog:shown", () => {
  const slider = document.querySelector("form[data-replay] input[type=range]");
  if (slider && !new URLSearchParams(location.search).has("at")) slider.value = slider.max;
});

async function showAt(slider) {
  const query = new URLSearchParams(new FormData(slider.form));
  if (slider.value === slider.max) query.delete("at");
  const path = slider.form.getAttribute("action");
  const url = query.size ? `${path}?${query}` : path;
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: asked.signal });
    if (!answer.ok || answer.redirected) return location.assign(url);
    const text = await answer.text();
    history.replaceState(null, "", url);
    show(text);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}
