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

/** Make `old` like `fresh`; children with an id are told by it. */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  morphAttributes(old, fresh);
  if (old.tagName === "TEXTAREA") return;
  const kept = new Map();
  for (const child of old.children) if (child.id) kept.set(child.id, child);
  let next = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const match = matching(next, wanted, kept);
    if (match === null) {
      old.insertBefore(document.importNode(wanted, true), next);
    } else {
      if (match === next) next = next.nextSibling;
      else old.insertBefore(match, next);
      morphNode(match, wanted);
    }
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

function matching(next, wanted, kept) {
  if (wanted.id) return kept.get(wanted.id) ?? null;
  if (!next || next.id || next.nodeName !== wanted.nodeName) return null;
  return next;
}

function morphNode(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) {
    if (old.nodeName === fresh.nodeName) morph(old, fresh);
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
