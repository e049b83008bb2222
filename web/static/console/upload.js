// Several files at once, dropped or chosen: each is sent in a request of its own and has
// a bar of its own. What is said of a file is what the page says that answers it; its
// words are those of the row in the page's template.

import { morph } from "./morph.js";
import { tellTimesIn } from "./times.js";

// A second file is judged while the next is on its way; more would only share the link.
const AT_ONCE = 2;

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const place = form.querySelector("[data-drop]");
const list = document.getElementById("uploads");
const template = document.getElementById("upload-row");
const waiting = [];
let underway = 0;

input.multiple = true;
form.querySelector("[data-without-scripts]").hidden = true;
form.querySelector("[data-with-scripts]").hidden = false;
input.addEventListener("change", () => {
  take(input.files);
  input.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) {
  place.addEventListener(name, (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
}
place.addEventListener("dragleave", (event) => {
  if (!place.contains(event.relatedTarget)) place.classList.remove("over");
});
place.addEventListener("drop", (event) => {
  event.preventDefault();
  place.classList.remove("over");
  take(event.dataTransfer.files);
});
// A file that misses its place does not take the page away.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => event.preventDefault());
}
window.addEventListener("beforeunload", (event) => {
  if (underway) event.preventDefault();
});

function take(files) {
  for (const file of files) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector(".name").textContent = file.name;
    row.querySelector("button").addEventListener("click", () => queue(file, row));
    list.append(row);
    queue(file, row);
  }
}

function queue(file, row) {
  row.className = "";
  row.querySelector("button").hidden = true;
  show(row, 0);
  say(row, "waiting");
  waiting.push([file, row]);
  next();
}

function next() {
  while (underway < AT_ONCE && waiting.length) {
    underway += 1;
    send(...waiting.shift());
  }
}

function send(file, row) {
  const said = new FormData(form);
  said.set(input.name, file);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    show(row, Math.floor((100 * loaded) / total));
  });
  request.upload.addEventListener("load", () => say(row, "judging"));
  request.addEventListener("load", () => answered(request, row));
  request.addEventListener("error", () => refused(row, row.querySelector(".said").dataset.lost));
  request.addEventListener("loadend", () => {
    underway -= 1;
    next();
  });
  say(row, "sending");
  request.send(said);
}

function answered(request, row) {
  const page = request.response;
  const problems = page?.querySelectorAll("#upload .problem, #upload .message.error") ?? [];
  // Whoever is logged out by now is answered with another page than the build's.
  if (request.status >= 400 || problems.length || !page?.querySelector("[data-uploaded]")) {
    const found = problems.length ? problems : (page?.querySelectorAll("main p:not([class])") ?? []);
    const words = [...found].map((each) => each.textContent.trim()).join(" ");
    refused(row, words || row.querySelector(".said").dataset.odd);
    return;
  }
  row.className = "done";
  show(row, 100, "success");
  row.querySelector(".said").textContent =
    page.querySelector(".messages .success")?.textContent ?? "";
  for (const fresh of page.querySelectorAll("[data-uploaded]")) {
    tellTimesIn(fresh);
    morph(document.getElementById(fresh.id), fresh);
  }
}

/** Show why; the file stays, to be sent again with what the form says by then. */
function refused(row, words) {
  row.className = "refused";
  show(row, 100, "failed");
  row.querySelector(".said").textContent = words;
  row.querySelector("button").hidden = false;
}

function show(row, percent, status = "in-progress") {
  const progress = row.querySelector("progress");
  progress.value = percent;
  progress.className = status;
  row.querySelector(".percent").textContent = `${percent} %`;
}

function say(row, state) {
  const said = row.querySelector(".said");
  said.textContent = said.dataset[state];
}
