import assert from "node:assert/strict";
import { type Catalog, CATALOG_FORMS, formatCatalog, parseCatalog } from "./catalog.ts";
import { searchTools } from "./search.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

function version(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: "1.0.0",
    reference: `ghcr.io/you/tool@${DIGEST}`,
    kind: "module",
    permissions: ["observe"],
    kernels: { minimum: "5.8" },
    architectures: ["x86_64", "aarch64"],
    ...change,
  };
}

function tool(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: "tool", summary: "watch things", keywords: [], versions: [version()], ...change };
}

function document(change: Record<string, unknown> = {}): Record<string, unknown> {
  const created = "2026-01-01T00:00:00Z";
  return { schemaVersion: 1, name: "acme", serial: 7, created, tools: [tool()], ...change };
}

function parse(text: string): Catalog {
  return parseCatalog(new TextEncoder().encode(text), "the catalogue");
}

Deno.test("parseCatalog() reads what formatCatalog() writes, versions newest first", () => {
  const versions = ["1.0.0", "1.10.0", "1.9.0"].map((one) => version({ version: one }));
  const catalog = parse(JSON.stringify(document({ tools: [tool({ versions })] })));
  assert.deepEqual(
    catalog.tools[0]?.versions.map((one) => one.version),
    ["1.10.0", "1.9.0", "1.0.0"],
  );
  assert.deepEqual(parse(formatCatalog(catalog)), catalog);
});

/** Documents that are refused, by what is wrong. */
const REFUSED: Readonly<Record<string, Record<string, unknown>>> = {
  "a newer schema": document({ schemaVersion: 2 }),
  "no serial": document({ serial: undefined }),
  "a negative serial": document({ serial: -1 }),
  "a serial beyond 2^53": document({ serial: 2 ** 60 }),
  "no tools": document({ tools: undefined }),
  "a catalogue's name that is a path": document({ name: "../acme" }),
  "a tool twice": document({ tools: [tool(), tool()] }),
  ...Object.fromEntries(
    ["../x", "/bin/ls", "a/b", ".", "", "A", "-a", "a b", "a\nb", "\x1b[31mred", "a\u202eb", "é"]
      .map((name) => [`the name ${JSON.stringify(name)}`, document({ tools: [tool({ name })] })]),
  ),
  "escape codes in a summary": document({ tools: [tool({ summary: "x \x1b]0;title\x07" })] }),
  "C1 controls in a summary": document({ tools: [tool({ summary: "x \x9b2J" })] }),
  "a line feed in a summary": document({ tools: [tool({ summary: "x\ny" })] }),
  "a summary in other direction": document({ tools: [tool({ summary: "x \u202e" })] }),
  "a long summary": document({ tools: [tool({ summary: "x".repeat(201) })] }),
  "a script as home": document({ tools: [tool({ home: "javascript:alert(1)" })] }),
  "a password in home": document({ tools: [tool({ home: "https://a:b@example.org" })] }),
  "a licence with markup": document({ tools: [tool({ licence: "<b>" })] }),
  "a keyword with a space": document({ tools: [tool({ keywords: ["a b"] })] }),
  "no versions": document({ tools: [tool({ versions: [] })] }),
  "a version twice": document({
    tools: [tool({ versions: [version(), version({ version: "1.0" })] })],
  }),
  ...Object.fromEntries(
    [
      "ghcr.io/you/tool:v1",
      `ghcr.io/you/tool:v1@${DIGEST}`,
      `you/tool@${DIGEST}`,
      DIGEST,
      `http://ghcr.io/you/tool@${DIGEST}`,
      `ghcr.io/you/tool@sha256:00`,
      "../tool",
      "/etc/passwd",
      `GHCR.io/you/tool@${DIGEST}`,
    ].map((reference) => [
      `the reference ${reference}`,
      document({ tools: [tool({ versions: [version({ reference })] })] }),
    ]),
  ),
  "an unknown kind": document({ tools: [tool({ versions: [version({ kind: "script" })] })] }),
  "no architecture": document({ tools: [tool({ versions: [version({ architectures: [] })] })] }),
  "no kernel": document({ tools: [tool({ versions: [version({ kernels: {} })] })] }),
};

for (const [what, value] of Object.entries(REFUSED)) {
  Deno.test(`parseCatalog() refuses ${what}`, () => {
    assert.throws(() => parse(JSON.stringify(value)), { code: "NOT_A_CATALOG" });
  });
}

Deno.test("parseCatalog() refuses repeated members, whatever their case", () => {
  const text = JSON.stringify(document());
  for (const other of ['"serial":9', '"Serial":9', '"seri\\u0061l":9']) {
    assert.throws(() => parse(text.replace("{", `{${other},`)), { code: "NOT_A_CATALOG" });
  }
});

Deno.test("parseCatalog() bounds size, depth and members", () => {
  const deep = `${"[".repeat(100_000)}`;
  const wide = `{"tools":[${"0,".repeat(500_000)}0]}`;
  const large = `"${"x".repeat(9 * 2 ** 20)}"`;
  for (const text of [deep, wide, large]) {
    assert.throws(() => parse(text), { code: "TOO_LARGE" });
  }
  const many = Array.from({ length: 10_001 }, (_, i) => tool({ name: `t${i}`, versions: [] }));
  assert.throws(() => parse(JSON.stringify(document({ tools: many }))), { code: "NOT_A_CATALOG" });
  for (const text of ["", "null", "[]", "\ufeff{}", "{"]) assert.throws(() => parse(text));
});

Deno.test("searchTools() ranks names before keywords before summaries, and needs every word", () => {
  const tools = [
    { name: "netwatch", summary: "watch tcp connections", keywords: [] },
    { name: "tcp", summary: "count packets", keywords: [] },
    { name: "tcplife", summary: "show sessions", keywords: [] },
    { name: "lossy", summary: "show drops", keywords: ["tcp"] },
  ];
  const names = (query: string) => searchTools(tools, query).map(({ name }) => name);
  assert.deepEqual(names("tcp"), ["tcp", "tcplife", "lossy", "netwatch"]);
  assert.deepEqual(names("TCP show"), ["tcplife", "lossy"]);
  assert.deepEqual(names("tcp nothing"), []);
  assert.equal(names("").length, 4);
});

Deno.test("docs/catalog.schema.json has the forms and members of the reader", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/catalog.schema.json", import.meta.url));
  const schema = JSON.parse(text);
  const { tool: toolSchema, version: versionSchema } = schema.$defs;
  assert.equal(schema.$defs.name.pattern, CATALOG_FORMS.name.source);
  assert.equal(schema.$defs.word.pattern, CATALOG_FORMS.word.source);
  assert.equal(schema.properties.created.pattern, CATALOG_FORMS.time.source);
  assert.equal(toolSchema.properties.licence.pattern, CATALOG_FORMS.licence.source);
  assert.equal(versionSchema.properties.permissions.items.pattern, CATALOG_FORMS.level.source);
  assert.equal(
    versionSchema.properties.kernels.properties.minimum.pattern,
    CATALOG_FORMS.kernel.source,
  );
  const full = document();
  assert.deepEqual(Object.keys(schema.properties), Object.keys(full));
  for (const member of schema.required) {
    assert.throws(() => parse(JSON.stringify(document({ [member]: undefined }))), member);
  }
  for (const member of toolSchema.required) {
    const tools = [tool({ [member]: undefined })];
    assert.throws(() => parse(JSON.stringify(document({ tools }))), member);
  }
  for (const member of versionSchema.required) {
    const tools = [tool({ versions: [version({ [member]: undefined })] })];
    assert.throws(() => parse(JSON.stringify(document({ tools }))), member);
  }
});
