// The log of something that goes on stays at its end, unless somebody has scrolled away.

const NEAR_PX = 40;

const log = () => document.querySelector("[data-follow-end]");
let isAtEnd = true;

function goToEnd() {
  const list = log();
  if (list && isAtEnd) list.scrollTop = list.scrollHeight;
}

// Scrolling does not bubble.
document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target !== log()) return;
    isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX;
  },
  true,
);
document.addEventListener("flashlog:shown", goToEnd);
goToEnd();
