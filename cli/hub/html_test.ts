import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { catalogPage, escapeHtml, type PageTool } from "./html.ts";

const TOOL: PageTool = {
  hub: "acme",
  name: "tool",
  summary: "watch things",
  keywords: ["tcp"],
  version: "1.0.0",
  versions: ["0.9.0"],
};

Deno.test("escapeHtml() leaves no character that ends a text or an attribute", () => {
  assert.equal(escapeHtml(`<a href='x' b="&">`), "&lt;a href=&#39;x&#39; b=&quot;&amp;&quot;&gt;");
  assert.equal(escapeHtml("a\u202eb\x1b[0m\x00\ud800"), "a\ufffdb\ufffd[0m\ufffd\ufffd");
});

Deno.test("catalogPage() escapes every member of a tool", () => {
  const evil = `"'><img src=x onerror=alert(1)></script><!--`;
  const page = catalogPage([{
    ...TOOL,
    hub: evil,
    name: evil,
    summary: evil,
    keywords: [evil],
    licence: evil,
    home: `javascript:alert("${evil}")`,
    version: evil,
    versions: [evil],
    reference: evil,
    permissions: [evil],
    kernel: evil,
    architectures: [evil],
  }], { title: evil });
  assert.ok(!page.includes("<img"));
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.equal(page.match(/<\/script/g)?.length, 1);
  assert.ok(!page.includes("<!--"));
  assert.ok(!page.includes("<a "));
  assert.ok(!/\son\w+=/.test(page.replaceAll(/&[^;]+;[^<]*/g, "")));
});

Deno.test("catalogPage() links to web pages, without the address of the catalogue", () => {
  const page = catalogPage([{ ...TOOL, home: "https://example.org/?a=1&b=2" }], { title: "Tools" });
  assert.match(
    page,
    /<a href="https:\/\/example\.org\/\?a=1&amp;b=2" rel="noopener noreferrer nofollow">/,
  );
});

Deno.test("catalogPage() allows its own script and style alone, and loads nothing", () => {
  const page = catalogPage([TOOL], { title: "Tools" });
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
  assert.match(policy, /^default-src &#39;none&#39;/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  for (const [element, directive] of [["script", "script-src"], ["style", "style-src"]] as const) {
    const text = new RegExp(`<${element}>([^]*)</${element}>`).exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(text).digest("base64");
    assert.ok(policy.includes(`${directive} &#39;sha256-${hash}&#39;`), element);
  }
  assert.doesNotMatch(page, /\bsrc=|<link|@import|url\(/);
});
