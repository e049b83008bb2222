// Moments as people say them: "3 minutes ago", exact on hover, in the viewer's zone.

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];
const EVERY_MS = 20_000;
// The page says when it was made. Within this it is how long it took to come, beyond it
// the clock of this machine is wrong, and the server's is gone by.
const WRONG_MS = 60_000;

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, {
  dateStyle: "medium",
  timeStyle: "long",
  hourCycle: "h23",
});
const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23" });

let ahead = 0;

/** Go by the server's clock, which the body of a page tells that has just come. */
export function setClock(body) {
  const difference = Date.now() - Date.parse(body.dataset.now);
  ahead = Math.abs(difference) > WRONG_MS ? difference : 0;
}

/** Keep all moments of the page told. */
export function tellTimes() {
  setClock(document.body);
  tellTimesIn(document);
  setInterval(() => tellTimesIn(document), EVERY_MS);
}

/** Tell the moments below an element: `data-exact` ones, and those that are only a
 *  time of day (`data-clock`), are not made relative. */
export function tellTimesIn(element) {
  const now = Date.now() - ahead;
  for (const time of element.querySelectorAll("time[datetime]")) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) continue;
    time.title = exact.format(moment);
    const words = wordsOf(time, moment, now);
    if (time.textContent !== words) time.textContent = words;
  }
}

function wordsOf(time, moment, now) {
  if ("clock" in time.dataset) return clock.format(moment);
  return "exact" in time.dataset ? time.title : since(moment - now);
}

function since(ms) {
  let amount = ms / 1000;
  for (const [unit, many] of STEPS) {
    if (Math.abs(amount) < many) return relative.format(Math.round(amount), unit);
    amount /= many;
  }
}
