import assert from "node:assert/strict";
import { digestOf } from "./digest.ts";
import { parseManifest } from "./manifest.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "./media_types.ts";

const digest = digestOf(new Uint8Array());
const layer = { mediaType: "application/wasm", digest, size: 0 };
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: layer, layers: [layer] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [layer] };

function parse(document: unknown, mediaType?: string): ReturnType<typeof parseManifest> {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return parseManifest(bytes, { what: "it", ...(mediaType === undefined ? {} : { mediaType }) });
}

function refuses(title: string, code: string, ...cases: [unknown, string?][]): void {
  Deno.test(`parseManifest() refuses ${title}`, () => {
    for (const [document, mediaType] of cases) {
      assert.throws(
        () => parse(document, mediaType),
        { name: "ArtifactError", code },
        JSON.stringify([document, mediaType]),
      );
    }
  });
}

Deno.test("parseManifest() reads a manifest", () => {
  const parsed = parse({ ...manifest, annotations: { a: "b" }, subject: layer });
  assert.equal(parsed.kind, "manifest");
  assert.deepEqual(parsed.kind === "manifest" && parsed.layers, [layer]);
  assert.deepEqual(parsed.subject, layer);
  assert.equal(parsed.annotations["a"], "b");
});

Deno.test("parseManifest() reads an index with platforms", () => {
  const platform = { os: "linux", architecture: "arm64", variant: "v8", "os.version": "1" };
  const parsed = parse({ ...index, manifests: [{ ...layer, platform }] });
  const [entry] = parsed.kind === "index" ? parsed.manifests : [];
  assert.deepEqual(entry?.platform, { os: "linux", architecture: "arm64", variant: "v8" });
});

Deno.test("parseManifest() reads Docker's schema 2 and manifest lists", () => {
  assert.equal(parse({ ...manifest, mediaType: DOCKER_MANIFEST }).kind, "manifest");
  assert.equal(parse({ ...index, mediaType: DOCKER_LIST }, DOCKER_LIST).kind, "index");
});

Deno.test("parseManifest() uses the type of the response when the document has none", () => {
  const { mediaType: _, ...bare } = manifest;
  assert.equal(parse(bare, DOCKER_MANIFEST).mediaType, DOCKER_MANIFEST);
  assert.equal(parse(bare).mediaType, OCI_MANIFEST);
  assert.equal(parse(bare, "application/json; charset=utf-8").mediaType, OCI_MANIFEST);
  assert.equal(parse({ schemaVersion: 2, manifests: [] }).kind, "index");
});

Deno.test("parseManifest() accepts a type with parameters, and a generic one", () => {
  assert.equal(parse(manifest, `${OCI_MANIFEST}; charset=utf-8`).kind, "manifest");
  assert.equal(parse(manifest, "application/octet-stream").kind, "manifest");
});

Deno.test("parseManifest() reads Go's null as an empty list", () => {
  const parsed = parse({ ...manifest, layers: null, annotations: null });
  assert.deepEqual(parsed.kind === "manifest" && parsed.layers, []);
});

Deno.test("parseManifest() ignores urls and data of descriptors", () => {
  const parsed = parse({ ...manifest, config: { ...layer, urls: ["http://x/"], data: "e30=" } });
  assert.deepEqual(parsed.kind === "manifest" && parsed.config, layer);
});

refuses(
  "an ambiguous document",
  "BAD_MANIFEST",
  [manifest, OCI_INDEX],
  [{ ...manifest, manifests: [layer] }],
  [{ ...index, layers: [layer] }],
  [{ ...index, config: layer }],
);
refuses(
  "unknown types",
  "UNSUPPORTED",
  [{ ...manifest, mediaType: "text/x-other" }],
  [{ schemaVersion: 1, fsLayers: [] }],
  [manifest.layers.length === 1 ? { schemaVersion: 2 } : {}, "application/x-other"],
);
refuses(
  "invalid descriptors",
  "BAD_MANIFEST",
  [{ ...manifest, config: undefined }],
  [{ ...manifest, config: [] }],
  [{ ...manifest, config: { ...layer, size: -1 } }],
  [{ ...manifest, config: { ...layer, size: "0" } }],
  [{ ...manifest, config: { ...layer, digest: "sha256:../../etc/passwd" } }],
  [{ ...manifest, config: { ...layer, mediaType: "no type" } }],
  [{ ...manifest, layers: {} }],
  [{ ...manifest, layers: [null] }],
  [{ ...manifest, layers: [{ ...layer, annotations: { a: 1 } }] }],
);
refuses("another schema version", "BAD_MANIFEST", [{ ...manifest, schemaVersion: 3 }], [{
  ...index,
  schemaVersion: undefined,
}]);

Deno.test("parseManifest() refuses members that parsers interpret differently", () => {
  const text = JSON.stringify(manifest);
  const layers = `"layers":${JSON.stringify(manifest.layers)}`;
  assert.ok(text.includes(layers));
  for (
    const twice of [`${layers},${layers}`, `${layers},"Layers":[]`, `"layer\\u0073":[],${layers}`]
  ) {
    const bytes = new TextEncoder().encode(text.replace(layers, twice));
    assert.throws(() => parseManifest(bytes, { what: "it", mediaType: OCI_MANIFEST }), {
      code: "BAD_MANIFEST",
    });
  }
});
