// Small hands for the page. Text from outside only ever becomes a text node: there is no innerHTML anywhere.

/** A new element; children that are strings become text. Properties: class, data, on, aria-* and plain ones. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "lang" || name === "role" || name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Text with its http(s) addresses as links that open in a new window. */
export function linked(text) {
  const parts = String(text).split(/(https?:\/\/[^\s<>"')\]]+)/);
  return parts.map((part, i) =>
    i % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}

/** An address that is safe to follow, or an empty string. */
export function safeUrl(url) {
  return /^https?:\/\//i.test(String(url)) ? String(url) : "";
}

/** What is chosen among the radio buttons of one group. */
export const radio = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value ?? "";

/** Choose in a select, or among radio buttons, as a person would; nothing happens when it is chosen already. */
export function choose(name, value) {
  const one = document.querySelector(`input[name="${name}"][value="${value}"]`);
  if (one) return one.checked || one.click();
  const select = byId(name);
  if (!value || !select || select.value === value) return;
  select.value = value;
  select.dispatchEvent(new Event("change"));
}

/** A small picture of somebody: the first sign of her name. The name itself stands beside it. */
export function face(name, kind = "") {
  return el("span", { class: `face ${kind}`, "aria-hidden": "true" }, kind === "hub" ? "T" : [...String(name || "?")][0]);
}

/** Scroll `box` so that `node` is seen. Not by scrollIntoView: in Chromium that moves where the Tab key begins. */
export function bring(box, node) {
  if (!node) return;
  const [outer, inner] = [box.getBoundingClientRect(), node.getBoundingClientRect()];
  if (inner.bottom > outer.bottom) box.scrollTop += Math.min(inner.bottom - outer.bottom + 8, inner.top - outer.top);
  else if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + 8;
}

/** The same for the window. */
export function bringIntoWindow(node, behavior = "auto") {
  const { top, bottom } = node.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) scrollBy({ top: top - 8, behavior });
}

/** A select filled with [value, label] pairs; keeps what was chosen when it still exists. */
export function fill(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, label]) => el("option", { value }, label)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/**
 * Make the children of `box` those of `items`, in order. An item is [key, content, draw]: its node is drawn anew only
 * when the content changed, so that what somebody is typing elsewhere stays.
 */
export function keep(box, items) {
  const settled = box.childElementCount > 0;
  const known = new Map([...box.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map(([key, content, draw]) => {
    const print = JSON.stringify(content);
    const old = known.get(key);
    if (old && old.print === print) return old;
    const node = draw(old);
    node.dataset.key = key;
    node.print = print;
    if (old) carry(old, node);
    else if (settled) node.classList.add("fresh");
    return node;
  });
  const same = wanted.length === box.children.length && wanted.every((node, i) => node === box.children[i]);
  if (same) return false;
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  for (const node of [...box.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, i) => { if (box.children[i] !== node) box.insertBefore(node, box.children[i] ?? null); });
  if (focused?.isConnected) focused.focus();
  return true;
}

/** Bring typed values, open panels and the focus over from a drawing to the one that replaces it. */
function carry(old, fresh) {
  const marks = (node) => [node, ...node.querySelectorAll("[data-mark]")].filter((one) => one.dataset.mark);
  for (const from of marks(old)) {
    const to = marks(fresh).find((one) => one.dataset.mark === from.dataset.mark);
    if (!to) continue;
    if (from.getAttribute("aria-expanded") === "true" && to.getAttribute("aria-expanded") === "false") to.click();
    if ("open" in from && "open" in to) to.open = from.open;
    if (from.value && "value" in to && from.type !== "checkbox" && from.type !== "radio") to.value = from.value;
    if (from === document.activeElement) queueMicrotask(() => to.focus());
  }
}
