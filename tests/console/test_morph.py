"""Pages are made like what the server says, and nothing moves that need not."""

from tests.console.visitor import Visitor

_RANDOMLY = """async () => {
  const { morph } = await import("/static/console/morph.js");
  const below = (n) => Math.floor(Math.random() * n);
  const rows = (ids) => ids.map((id) =>
    `<tr id="row-${id}"><td>${below(3)}</td><td>${id}</td></tr>`).join("\\n");
  const table = (ids) => new DOMParser().parseFromString(
    `<div><table><tbody>\\n${rows(ids)}\\n</tbody></table></div>`, "text/html",
  ).querySelector("div");
  const some = (n) => [...Array(n).keys()].filter(() => below(4));
  const wrong = [];
  for (let round = 0; round < 400; round += 1) {
    const [before, after] = [some(30), some(34)];
    if (round % 2) after.sort(() => Math.random() - 0.5);
    else after.splice(below(after.length), 0, after.splice(below(after.length), 1)[0]);
    const old = document.importNode(table(before), true);
    const were = new Map([...old.querySelectorAll("tr")].map((row) => [row.id, row]));
    const fresh = table(after);
    const expected = fresh.cloneNode(true);
    morph(old, fresh);
    const kept = [...old.querySelectorAll("tr")]
      .every((row) => !were.has(row.id) || were.get(row.id) === row);
    if (!kept || !old.isEqualNode(expected)) wrong.push([before, after]);
  }
  const old = document.importNode(table([1, 2, 3, 4, 5, 6, 7, 8]), true);
  const observer = new MutationObserver(() => {});
  observer.observe(old, { childList: true, subtree: true });
  morph(old, table([2, 3, 4, 5, 6, 7, 8, 1]));
  const moved = observer.takeRecords().flatMap((record) => [...record.addedNodes])
    .filter((node) => node.id).map((node) => node.id);
  return { wrong: wrong.length, moved };
}"""


def test_rows_are_kept_and_only_those_move_that_changed_places(
    visitor: Visitor,
) -> None:
    found = visitor.page.evaluate(_RANDOMLY)
    assert found == {"wrong": 0, "moved": ["row-1"]}
