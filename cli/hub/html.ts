/** Catalogues as one web page: searchable, without network, and nothing in it runs but its own script. */
import { createHash } from "node:crypto";

/** Tool on the page. */
export interface PageTool {
  readonly hub: string;
  readonly name: string;
  readonly summary: string;
  readonly keywords: readonly string[];
  readonly licence?: string;
  readonly home?: string;
  readonly version: string;
  /** Versions in addition to the shown one. */
  readonly versions: readonly string[];
  readonly reference?: string;
  readonly permissions?: readonly string[];
  readonly kernel?: string;
  readonly architectures?: readonly string[];
}

/** The page's only script. It filters and orders elements that are there, and makes none from text. */
const SCRIPT = `"use strict";
const list = document.getElementById("tools");
const box = document.getElementById("search");
const count = document.getElementById("count");
const tools = [...list.children].map((element) => ({
  element,
  name: element.dataset.name,
  keywords: element.dataset.keywords.split(" "),
  text: element.textContent.toLowerCase(),
}));
function score(tool, word) {
  if (tool.name === word) return 100;
  if (tool.name.startsWith(word)) return 70;
  if (tool.name.includes(word)) return 50;
  if (tool.keywords.includes(word)) return 40;
  return tool.text.includes(word) ? 10 : 0;
}
function show() {
  const words = box.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  const found = [];
  for (const tool of tools) {
    const scores = words.map((word) => score(tool, word));
    tool.element.hidden = scores.includes(0);
    if (!tool.element.hidden) found.push({ tool, total: scores.reduce((a, b) => a + b, 0) });
  }
  found.sort((a, b) => b.total - a.total || (a.tool.name < b.tool.name ? -1 : 1));
  list.append(...found.map(({ tool }) => tool.element));
  count.textContent = found.length === 1 ? "1 tool" : found.length + " tools";
}
box.addEventListener("input", show);
document.getElementById("bar").hidden = false;
show();
`;

const STYLE = `:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
#bar { position: sticky; top: 0; padding: .75rem 0; background: Canvas; }
#search { font: inherit; width: 100%; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .4rem; }
#tools { list-style: none; margin: 0; padding: 0; }
#tools > li { border-top: 1px solid var(--line); padding: .9rem 0; }
.hub { font-weight: normal; opacity: .75; font-size: .9rem; }
.tag { display: inline-block; background: var(--soft); border-radius: .3rem; padding: 0 .45rem; margin-right: .3rem; font-size: .85rem; }
code { font: .85rem/1.5 ui-monospace, monospace; background: var(--soft); border-radius: .3rem; padding: .1rem .35rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .4rem 0 0; font-size: .9rem; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
`;

/** Returns the text of the page. */
export function catalogPage(tools: readonly PageTool[], { title }: { title: string }): string {
  const sorted = [...tools].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.hub < b.hub ? -1 : 1
  );
  const policy = `default-src 'none'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}; ` +
    "base-uri 'none'; form-action 'none'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>eBPF tools for <code>wasm-bpf</code></p>
<div id="bar" hidden>
<label for="search">Search</label> <span id="count" role="status"></span>
<input id="search" type="search" autocomplete="off" spellcheck="false" autofocus>
</div>
<main>
<ul id="tools">
${sorted.map(item).join("\n")}
</ul>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function item(tool: PageTool): string {
  const { hub, name, summary, keywords, version, permissions } = tool;
  const install = hub === "box" ? `wasm-bpf ${name}` : `wasm-bpf install ${hub}/${name}`;
  const rows: [string, string | undefined][] = [
    [hub === "box" ? "Run" : "Install", `<code>${escapeHtml(install)}</code>`],
    ["Permissions", permissions === undefined ? undefined : tags(permissions)],
    ["Kernels", tool.kernel === undefined ? undefined : escapeHtml(`${tool.kernel} and newer`)],
    ["Machines", tool.architectures && escapeHtml(tool.architectures.join(", "))],
    ["Licence", tool.licence && escapeHtml(tool.licence)],
    ["Home", tool.home && link(tool.home)],
    ["Other versions", tool.versions.length > 0 ? escapeHtml(tool.versions.join(", ")) : undefined],
    ["Reference", tool.reference && `<code>${escapeHtml(tool.reference)}</code>`],
  ];
  const shown = rows.flatMap(([title, html]) =>
    html === undefined ? [] : [`<dt>${title}</dt><dd>${html}</dd>`]
  );
  return `<li data-name="${escapeHtml(name)}" data-keywords="${escapeHtml(keywords.join(" "))}">
<h2>${escapeHtml(name)} <span class="hub">${escapeHtml(`${version} · ${hub}`)}</span></h2>
<p>${escapeHtml(summary)}</p>
${keywords.length > 0 ? `<p>${tags(keywords)}</p>` : ""}
<dl>${shown.join("")}</dl>
</li>`;
}

function tags(words: readonly string[]): string {
  return words.length === 0
    ? "none"
    : words.map((word) => `<span class="tag">${escapeHtml(word)}</span>`).join(" ");
}

/** Returns a link for web addresses alone; other texts are shown as they are. */
function link(address: string): string {
  const text = escapeHtml(address);
  const isWeb = /^https?:$/.test(URL.parse(address)?.protocol ?? "");
  return isWeb ? `<a href="${text}" rel="noopener noreferrer nofollow">${text}</a>` : text;
}

/** Returns the source of a Content Security Policy that allows exactly this text (CSP 3, 2.3.1). */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes a text for elements and quoted attributes; control and invisible characters become visible. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
