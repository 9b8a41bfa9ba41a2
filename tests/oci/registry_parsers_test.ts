/** Generated input for the parsers of registry responses, credential files and references. */
import assert from "node:assert/strict";
import { parseAuthFile } from "../../oci/credentials/auth_file.ts";
import { ArtifactError } from "../../oci/errors.ts";
import { bytesSource } from "../../oci/content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf, isDigest } from "../../oci/digest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from "../../oci/media_types.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { parseChallenges } from "../../oci/registry/challenge.ts";
import { nextLink } from "../../oci/registry/pages.ts";
import { retryAfterMs } from "../../oci/registry/retry.ts";
import { mergeScopes } from "../../oci/registry/token.ts";
import { saidBy } from "../../oci/registry/status.ts";
import { describeEntry } from "../../oci/store/describe.ts";
import { survives } from "../support/generated.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const json = (document: unknown) => encode(JSON.stringify(document));

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const layer = {
  mediaType: "application/vnd.wasm.content.layer.v1+wasm",
  digest,
  size: 1234,
  annotations: { "org.opencontainers.image.title": "tool.wasm" },
};
const platform = { os: "wasip1", architecture: "wasm", variant: "v1" };
const manifest = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  artifactType: "application/vnd.example",
  config: { ...layer, mediaType: "application/vnd.wasm.config.v1+json" },
  layers: [layer, layer],
  subject: layer,
  annotations: { a: "b" },
};
const index = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [{ ...layer, platform }, { ...layer, mediaType: DOCKER_LIST }],
};

Deno.test(survives("parseManifest() of manifests", [json(manifest)], (bytes) => {
  const parsed = parseManifest(bytes, { what: "it" });
  if (parsed.kind === "index") return;
  for (const one of [parsed.config, ...parsed.layers, ...parsed.subject ? [parsed.subject] : []]) {
    assert.ok(isDigest(one.digest) && Number.isSafeInteger(one.size) && one.size >= 0);
  }
}));
Deno.test(survives("parseManifest() of indexes", [json(index)], (bytes) => {
  const parsed = parseManifest(bytes, { what: "it" });
  for (const one of parsed.kind === "index" ? parsed.manifests : []) {
    assert.ok(isDigest(one.digest));
  }
}));

const imageConfig = {
  created: "2026-01-31T12:00:00Z",
  author: "Ada",
  architecture: "wasm",
  os: "wasip1",
  layerDigests: [digest],
};
Deno.test(survives("describeEntry() of configs", [json(imageConfig)], async (bytes) => {
  const config = { mediaType: "application/x+json", digest: digestOf(bytes), size: bytes.length };
  const document = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] });
  const entry = {
    mediaType: OCI_MANIFEST,
    digest: digestOf(document),
    size: document.length,
  };
  const content = {
    fetch: (of: Descriptor) => bytesSource(of.digest === config.digest ? bytes : document)(),
  };
  const { created, manifest } = await describeEntry(content, entry);
  assert.ok(manifest !== undefined);
  // Damaged entries are skipped, which counts as refusal here.
  if (created === undefined) throw new ArtifactError("nothing in it", { code: "NOTHING" });
}));

const references = [
  "alpine",
  "ghcr.io/you/tool:v1.2.3",
  `localhost:5000/x@${digest}`,
  `oci://[2001:db8::1]:5000/a/b_c/d--e.f:latest@${digest}`,
  "https://127.0.0.1:443/x:y",
  "index.docker.io/library/alpine:3",
];
Deno.test(survives("parseReference()", references.map(encode), (bytes) => {
  const reference = parseReference(decode(bytes));
  const text = formatReference(reference);
  const { scheme: _, ...name } = reference;
  assert.deepEqual(parseReference(text), name);
  // It becomes part of an address, and must not change the rest of it.
  const path = `/v2/${reference.repository}/manifests/${reference.tag ?? reference.digest}`;
  const url = new URL(path, `https://${reference.registry}/`);
  assert.equal(url.pathname + url.search + url.hash, path);
  assert.equal(url.username + url.password, "");
}));

const challenges = [
  'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"',
  'Negotiate abc==, Basic realm="a \\"quoted\\" one", charset="UTF-8", Digest qop=auth',
];
// Parsers that never throw: an empty result counts as refusal here.
for (
  const [name, samples, parse] of [
    ["parseChallenges()", challenges, (text) => {
      const parsed = parseChallenges(text);
      for (const { parameters } of parsed) mergeScopes((parameters.get("scope") ?? "").split(" "));
      return parsed.length > 0;
    }],
    ["nextLink()", ['</v2/x/tags/list?n=1&last=a>; rel="next"; title="a, b"'], (text) => {
      return nextLink(text, new URL("https://a.example/v2/")) !== undefined;
    }],
    ["retryAfterMs()", ["120", "Thu, 01 Jan 2026 12:00:30 GMT"], (text) => {
      const ms = retryAfterMs(text);
      assert.ok(ms === undefined || ms >= 0);
      return ms !== undefined;
    }],
    ["saidBy()", ['{"errors":[{"code":"DENIED","message":"no","detail":{}}]}'], (text) => {
      const said = saidBy(encode(text), "application/json");
      // deno-lint-ignore no-control-regex
      assert.ok(said.length <= 401 && !/[\x00-\x1f\x7f-\x9f]/.test(said));
      return said !== "";
    }],
  ] satisfies [string, string[], (text: string) => boolean][]
) {
  Deno.test(survives(name, samples.map(encode), (bytes) => {
    if (!parse(decode(bytes))) throw new ArtifactError("nothing in it", { code: "NOTHING" });
  }));
}

const config = {
  auths: {
    "https://index.docker.io/v1/": { auth: btoa("you:secret") },
    "ghcr.io/you": { username: "you", password: "secret", email: "x" },
    "a.example:5000": { identitytoken: "secret" },
    "b.example": { registrytoken: "secret" },
  },
  credsStore: "desktop",
  credHelpers: { "gcr.io": "gcloud" },
};
Deno.test(survives("parseAuthFile()", [json(config)], (bytes) => {
  const { entries, odd } = parseAuthFile(bytes, "config.json");
  for (const key of entries.keys()) assert.match(key, /^[a-z0-9.:[\]-]+(\/|$)/);
  for (const text of odd) assert.doesNotMatch(text, /^(?!.*(entry|helper)).*secret/);
}));
