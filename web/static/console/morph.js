// Make an element like another one, touching only what differs: focus, selection, open
// parts and what a person has typed stay as they are.

// What people change by themselves is not the server's to say again.
const OWN = {
  DETAILS: ["open"],
  DIALOG: ["open"],
  INPUT: ["value", "checked"],
  OPTION: ["selected"],
  TIME: ["title"],
};

// What leaves its place lets those that follow stay: to move one of a hundred rows is
// cheaper than to move the other ninety-nine.
const NEAR = 6;

/** Make `old` like `fresh`; children with an id are told by it. */
export function morph(old, fresh) {
  for (const _ of morphing(old, fresh));
}

/** Do the same in steps: one for each child with an id, so that a page can breathe. */
export function* morphing(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  morphAttributes(old, fresh);
  if (old.tagName === "TEXTAREA") return;
  const kept = new Map();
  const wantedIds = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...old.children]) {
    if (!child.id) continue;
    if (wantedIds.has(child.id)) kept.set(child.id, child);
    else child.remove();
  }
  let next = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const match = matching(next, wanted, kept);
    if (match === null) {
      old.insertBefore(document.importNode(wanted, true), next);
      continue;
    }
    if (!isSoonAfter(next, match)) old.insertBefore(match, next);
    else next = passed(next, match);
    yield* morphingNode(match, wanted);
    if (!wanted.id) continue;
    yield;
    // Meanwhile others may have taken it away.
    if (next?.parentNode !== old) next = null;
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

function isSoonAfter(next, match) {
  let node = next;
  for (let hops = 0; node && hops < NEAR; hops += 1) {
    if (node === match) return true;
    node = node.nextSibling;
  }
  return false;
}

/** Return what comes after a match; what has an id before it finds its place later. */
function passed(next, match) {
  let node = next;
  while (node !== match) {
    const after = node.nextSibling;
    if (!node.id) node.remove();
    node = after;
  }
  return match.nextSibling;
}

function matching(next, wanted, kept) {
  if (wanted.id) return kept.get(wanted.id) ?? null;
  if (!next || next.id || next.nodeName !== wanted.nodeName) return null;
  return next;
}

function* morphingNode(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) {
    if (old.nodeName === fresh.nodeName) yield* morphing(old, fresh);
    else old.replaceWith(document.importNode(fresh, true));
  } else if (old.nodeValue !== fresh.nodeValue) {
    old.nodeValue = fresh.nodeValue;
  }
}

function morphAttributes(old, fresh) {
  const own = OWN[old.tagName] ?? [];
  for (const { name, value } of [...fresh.attributes]) {
    if (!own.includes(name) && old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  for (const { name } of [...old.attributes]) {
    if (!own.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}
