// Draws the part of Adaptive Cards 1.5 that the hub uses (plus Badge and flow layout), with fallbacks as the schema says.
// `host` does what a card cannot: execute(action, inputs), submit(action, inputs), open(url), and says `compat`.
// execute resolves to true when a new card came as the answer.
import { el, safeUrl } from "./dom.js";
import { marked } from "./cardtext.js";
import { drawInput } from "./cardinputs.js";
import { t } from "./words.js";

/** A drawn card. `parent` is the scope around a ShowCard, whose inputs go along too. */
export function drawCard(card, host, parent = null) {
  const root = el("div", { class: "card", lang: card.lang });
  const mentions = (card.msteams?.entities ?? []).filter((one) => one.type === "mention").map((one) => one.text);
  const scope = { inputs: new Map(), parent, host, mentions: parent?.mentions ?? mentions, ids: parent?.ids ?? new Map(), mark: parent?.mark ?? host.mark ?? "" };
  root.append(...items(card.body, scope));
  if (card.actions?.length) root.append(actionRow(card.actions, scope));
  return root;
}

class Unknown extends Error {}

const ELEMENTS = {
  TextBlock: textBlock, RichTextBlock: richText, Container: container, ColumnSet: columnSet, FactSet: factSet, Badge: badge,
  ActionSet: (item, scope) => actionRow(item.actions ?? [], scope), Image: image, ImageSet: imageSet, Table: table,
};
const MODERN = new Set(["Badge"]);

/** Nodes of a list of elements; one without a drawing and without a fallback is left out. */
function items(list, scope, strict = false) {
  const nodes = [];
  for (const item of list ?? []) {
    const node = drawn(item, scope, strict);
    if (node) nodes.push(node);
  }
  return nodes;
}

/** One element, or its fallback. With `strict` an unknown one without a fallback makes the parent fall back. */
function drawn(item, scope, strict) {
  try {
    const node = place(item, scope);
    return finish(node, item, scope);
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    if (item.fallback === "drop") return null;
    if (item.fallback) return drawn(item.fallback, scope, strict);
    if (strict) throw error;
    return null;
  }
}

function place(item, scope) {
  if (item.type?.startsWith("Input.")) return drawInput(item, scope);
  const draw = ELEMENTS[item.type];
  if (!draw || (scope.host.compat && MODERN.has(item.type))) throw new Unknown(item.type);
  return draw(item, scope);
}

function finish(node, item, scope) {
  if (item.separator) node.classList.add("separated");
  if (item.spacing) node.classList.add(`space-${word(item.spacing)}`);
  if (item.height === "stretch") node.classList.add("stretch");
  if (item.isVisible === false) node.hidden = true;
  if (item.id) scope.ids.set(item.id, node);
  return node;
}

const word = (value) => String(value ?? "").toLowerCase().replace(/[^a-z]/g, "");

function textBlock(item, scope) {
  const names = ["text", `size-${word(item.size) || "default"}`, `color-${word(item.color) || "default"}`];
  if (word(item.weight) === "bolder") names.push("bolder");
  if (item.isSubtle) names.push("subtle");
  if (!item.wrap) names.push("one-line");
  if (item.horizontalAlignment) names.push(`align-${word(item.horizontalAlignment)}`);
  const heading = word(item.style) === "heading" ? { role: "heading", "aria-level": "4" } : {};
  return el("div", { class: names.join(" "), ...heading }, ...mentioned(String(item.text ?? ""), scope.mentions));
}

/** A mention shows a name; a tag that the card does not list as one stays what it is, as in Teams. */
function mentioned(text, mentions) {
  const tag = mentions.find((one) => text.includes(one));
  if (!tag) return marked(text);
  const at = text.indexOf(tag);
  const name = tag.replace(/^<at>|<\/at>$/g, "");
  return [...marked(text.slice(0, at)), el("span", { class: "mention" }, `@${name}`), ...mentioned(text.slice(at + tag.length), mentions)];
}

function richText(item) {
  const runs = (item.inlines ?? []).map((run) => {
    if (typeof run === "string") return run;
    const names = [word(run.weight) === "bolder" && "bolder", run.isSubtle && "subtle", run.italic && "italic", run.color && `color-${word(run.color)}`];
    return el("span", { class: names.filter(Boolean).join(" ") }, String(run.text ?? ""));
  });
  return el("div", { class: "text" }, ...runs);
}

function container(item, scope) {
  const flow = (item.layouts ?? []).some((layout) => layout.type === "Layout.Flow");
  if (flow && scope.host.compat && item.fallback) throw new Unknown("Layout.Flow");
  const names = ["container", item.style && `style-${word(item.style)}`, flow && "flow", item.bleed && "bleed"];
  const node = el("div", { class: names.filter(Boolean).join(" ") }, ...items(item.items, scope, Boolean(item.fallback)));
  return item.selectAction ? selectable(node, item.selectAction, scope) : node;
}

function columnSet(item, scope) {
  const columns = (item.columns ?? []).map((column) => {
    const node = container({ ...column, type: "Container" }, scope);
    node.classList.add("column", width(column.width));
    return finish(node, column, scope);
  });
  const node = el("div", { class: ["columns", item.style && `style-${word(item.style)}`].filter(Boolean).join(" ") }, ...columns);
  return item.selectAction ? selectable(node, item.selectAction, scope) : node;
}

const width = (value) => (value === "auto" ? "w-auto" : "w-stretch");

function factSet(item) {
  const facts = (item.facts ?? []).flatMap((fact) => [el("dt", {}, ...marked(fact.title)), el("dd", {}, ...marked(fact.value))]);
  return el("dl", { class: "facts" }, ...facts);
}

function badge(item) {
  return el("span", { class: `badge badge-${word(item.style) || "default"}`, title: item.tooltip ?? "" }, String(item.text ?? ""));
}

function image(item) {
  const names = ["image", word(item.style) === "person" && "person", item.size && `image-${word(item.size)}`].filter(Boolean).join(" ");
  if (/^data:image\/(png|jpeg|gif|svg\+xml|webp);/.test(item.url ?? "")) return el("img", { class: names, src: item.url, alt: item.altText ?? "" });
  return el("span", { class: `${names} no-image`, role: "img", "aria-label": item.altText || t("picture") }, item.altText || t("picture"));
}

function imageSet(item) {
  return el("div", { class: "flow" }, ...(item.images ?? []).map(image));
}

function table(item, scope) {
  const header = item.firstRowAsHeaders !== false;
  const rows = (item.rows ?? []).map((row, i) =>
    el("tr", {}, ...(row.cells ?? []).map((cell) => el(header && i === 0 ? "th" : "td", {}, ...items(cell.items, scope)))));
  return el("table", { class: "table" }, el("tbody", {}, ...rows));
}

/** Something that can be pressed as a whole. */
function selectable(node, action, scope) {
  const press = pressOf(action, scope, node);
  if (!press) return node;
  node.classList.add("selectable");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.addEventListener("click", (event) => { if (!event.target.closest("a, button, input, select, textarea")) press(); });
  node.addEventListener("keydown", (event) => {
    if (event.target === node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); press(); }
  });
  return node;
}

function actionRow(actions, scope) {
  const panels = el("div", { class: "panels" });
  const row = el("div", { class: "actions" });
  const drawnActions = actions.map((action) => [action, actionButton(known(action), scope, panels)]).filter(([, node]) => node);
  row.append(...drawnActions.filter(([action]) => word(action.mode) !== "secondary").map(([, node]) => node));
  const rest = drawnActions.filter(([action]) => word(action.mode) === "secondary").map(([, node]) => node);
  if (rest.length) row.append(el("details", { class: "overflow", data: { mark: `${scope.mark}/more` } }, el("summary", {}, t("more")), el("div", { class: "menu" }, ...rest)));
  return el("div", { class: "action-set" }, row, panels);
}

const ACTIONS = new Set(["Action.Execute", "Action.Submit", "Action.OpenUrl", "Action.ToggleVisibility", "Action.ShowCard"]);

function known(action) {
  if (ACTIONS.has(action?.type)) return action;
  return action?.fallback && action.fallback !== "drop" ? known(action.fallback) : null;
}

function actionButton(action, scope, panels) {
  if (!action) return null;
  const style = word(action.style);
  const button = el("button", { type: "button", class: style && style !== "default" ? `is-${style}` : "", disabled: action.isEnabled === false, title: action.tooltip ?? "" }, String(action.title ?? action.verb ?? "…"));
  button.dataset.mark = `${scope.mark}/${action.id ?? action.verb ?? aims(action) ?? action.title}`;
  if (action.type === "Action.ShowCard") showCard(button, action, scope, panels);
  else if (action.type === "Action.ToggleVisibility") {
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => { toggle(action, scope); button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")); });
  }
  else {
    const press = pressOf(action, scope, button);
    button.addEventListener("click", press);
  }
  return button;
}

function showCard(button, action, scope, panels) {
  const panel = drawCard(action.card ?? {}, scope.host, scope);
  panel.classList.add("inner");
  panel.hidden = true;
  panels.append(panel);
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    for (const other of panels.children) if (other !== panel) other.hidden = true;
    for (const other of button.closest(".action-set").querySelectorAll(":scope > .actions [aria-expanded]")) other.setAttribute("aria-expanded", "false");
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("textarea, input, select, button")?.focus();
  });
}

/** What happens when an action is pressed. */
function pressOf(action, scope, node) {
  if (action.type === "Action.OpenUrl") return () => { if (safeUrl(action.url)) scope.host.open(action.url); };
  if (action.type === "Action.ToggleVisibility") return () => toggle(action, scope);
  if (action.type !== "Action.Execute" && action.type !== "Action.Submit") return null;
  return async () => {
    const inputs = action.associatedInputs === "none" ? {} : gathered(scope);
    if (!inputs || node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    node.closest("details.overflow")?.removeAttribute("open");
    const press = action.type === "Action.Execute" ? scope.host.execute : scope.host.submit;
    try { if (await press(action, inputs) && scope.parent) fold(scope); }
    finally { node.removeAttribute("aria-busy"); }
  };
}

/** A new card has come: what was typed into this form is used up, wherever the form is drawn by now. */
function fold(scope) {
  for (const id of scope.inputs.keys()) {
    for (const field of document.querySelectorAll(`[data-mark="${CSS.escape(`${scope.mark}#${id}`)}"]`)) {
      if (!field.matches("select")) field.value = "";
      const panel = field.closest(".inner");
      if (!panel) continue;
      panel.hidden = true;
      for (const button of panel.closest(".action-set").querySelectorAll(":scope > .actions [aria-expanded]")) button.setAttribute("aria-expanded", "false");
    }
  }
}

/** What a toggle shows and hides, as one word; it stays when its title changes. */
const aims = (action) => action.targetElements?.map((target) => target.elementId ?? target).join("+");

function toggle(action, scope) {
  for (const target of action.targetElements ?? []) {
    const id = typeof target === "string" ? target : target.elementId;
    const node = scope.ids.get(id);
    if (node) node.hidden = typeof target === "object" && typeof target.isVisible === "boolean" ? !target.isVisible : !node.hidden;
  }
}

/** The values of every input in the card and the cards around it; null when a required one is empty. */
function gathered(scope) {
  const values = {};
  for (let at = scope; at; at = at.parent) {
    for (const [id, input] of at.inputs) {
      if (!input.valid()) return null;
      values[id] = input.value();
    }
  }
  return values;
}
