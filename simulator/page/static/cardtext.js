// The bit of Markdown that Teams draws in cards and messages: bold, italic, links, lists. Built as nodes, never as HTML.
import { el, safeUrl } from "./dom.js";

const SPAN = /\*\*(.+?)\*\*|__(.+?)__|(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|(?<!\w)_([^_\s](?:[^_]*[^_\s])?)_(?!\w)|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)|\\([\\`*_{}[\]()<>#+\-.!|~])/g;

function inline(text) {
  const nodes = [];
  let last = 0;
  for (const hit of text.matchAll(SPAN)) {
    nodes.push(text.slice(last, hit.index));
    const [whole, bold, bold2, italic, italic2, label, url, escaped] = hit;
    if (bold ?? bold2) nodes.push(el("strong", {}, ...inline(bold ?? bold2)));
    else if (italic ?? italic2) nodes.push(el("em", {}, ...inline(italic ?? italic2)));
    else if (label) nodes.push(el("a", { href: safeUrl(url), target: "_blank", rel: "noopener noreferrer" }, label));
    else nodes.push(escaped);
    last = hit.index + whole.length;
  }
  nodes.push(text.slice(last));
  return nodes.filter((node) => node !== "");
}

/** Character references as Teams undoes them; only the five of XML and no-break space. */
const plain = (text) => text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" })[name]);

/** Nodes for a text block: paragraphs become line breaks, lines with a dash a list. */
export function marked(text) {
  const nodes = [];
  let list = null;
  for (const line of plain(String(text ?? "")).split(/\r?\n/)) {
    const bullet = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
    if (bullet) {
      if (!list) nodes.push(list = el("ul"));
      list.append(el("li", {}, ...inline(bullet[1])));
      continue;
    }
    if (nodes.length && !list) nodes.push(el("br"));
    list = null;
    nodes.push(...inline(line));
  }
  return nodes;
}
