// "All on this page": ticks or clears every row's box.

const form = document.querySelector("form[data-choosing]");
const every = form?.querySelector("[data-choose-page]");
const boxes = () => [...form.querySelectorAll("input[name=device]")];

if (every) {
  every.closest("[data-needs-script]").hidden = false;
  every.addEventListener("change", () => {
    for (const box of boxes()) box.checked = every.checked;
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "device") every.checked = boxes().every((box) => box.checked);
  });
}
