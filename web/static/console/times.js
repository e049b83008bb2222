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

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });

/** Keep all moments of the page told. */
export function tellTimes() {
  tellTimesIn(document);
  setInterval(() => tellTimesIn(document), EVERY_MS);
}

/** Tell the moments below an element; `data-exact` ones stay as they are. */
export function tellTimesIn(element) {
  const now = Date.now();
  for (const time of element.querySelectorAll("time[datetime]")) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) continue;
    time.title = exact.format(moment);
    const words = "exact" in time.dataset ? time.title : since(moment - now);
    if (time.textContent !== words) time.textContent = words;
  }
}

function since(ms) {
  let amount = ms / 1000;
  for (const [unit, many] of STEPS) {
    if (Math.abs(amount) < many) return relative.format(Math.round(amount), unit);
    amount /= many;
  }
}
