import assert from "node:assert/strict";
import type { Descriptor } from "../descriptor.ts";
import { digestOf, verify } from "../digest.ts";
import { type ImageIndex, type ImageManifest, parseManifest } from "../manifest.ts";
import { checkMagic, findModule } from "./find_module.ts";
import { packModule } from "./pack.ts";
import { choosePlatform } from "./platform.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const DESCRIPTOR = { digest: digestOf(MODULE), size: MODULE.length };
const TITLE = "org.opencontainers.image.title";
const IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";
const TAR = "application/vnd.oci.image.layer.v1.tar";

function descriptor(mediaType: string, title?: string, size = 8): Descriptor {
  const named = title === undefined ? {} : { annotations: { [TITLE]: title } };
  return { mediaType, digest: digestOf(MODULE), size, ...named };
}

function manifest(config: string, ...layers: Descriptor[]): ImageManifest {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return { kind: "manifest", mediaType, config: descriptor(config), layers, annotations: {} };
}

function index(...platforms: (string | undefined)[]): ImageIndex {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = platforms.map((platform): Descriptor => {
    const [os = "", architecture = "", variant] = platform?.split("/") ?? [];
    const named = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    return { ...descriptor("m"), ...(platform === undefined ? {} : { platform: named }) };
  });
  return { kind: "index", mediaType, manifests, annotations: {} };
}

Deno.test("packModule() makes what findModule() finds, in both formats", () => {
  for (const format of ["compat", "cncf"] as const) {
    const options = { format, title: "tool.wasm", created: new Date(1_700_000_000_000) };
    const { config, layer, manifest } = packModule(DESCRIPTOR, options);
    for (const { descriptor, bytes } of [config, manifest]) verify(bytes, descriptor);
    const read = parseManifest(manifest.bytes, { what: "it" });
    assert.equal(read.kind, "manifest");
    assert.deepEqual({ ...read.annotations }, {
      "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
      [TITLE]: "tool.wasm",
    });
    const place = findModule(read as ImageManifest, "it");
    assert.equal(place.kind, format);
    assert.equal(place.layers[0]?.digest, DESCRIPTOR.digest);
    assert.deepEqual(layer.annotations, { [TITLE]: "tool.wasm" });
  }
});

Deno.test("packModule() writes the media types and configs that each format has", () => {
  const options = {
    title: "tool.wasm",
    created: new Date(0),
    annotations: { "org.opencontainers.image.authors": "Ada", b: "", a: "=" },
  };
  const compat = packModule(DESCRIPTOR, { ...options, format: "compat" });
  assert.equal(compat.config.descriptor.mediaType, "application/vnd.wasm.config.v1+json");
  assert.equal(new TextDecoder().decode(compat.config.bytes), "{}");
  assert.equal(compat.layer.mediaType, "application/vnd.wasm.content.layer.v1+wasm");
  const cncf = packModule(DESCRIPTOR, { ...options, format: "cncf" });
  assert.equal(cncf.config.descriptor.mediaType, "application/vnd.wasm.config.v0+json");
  assert.equal(cncf.layer.mediaType, "application/wasm");
  assert.deepEqual(JSON.parse(new TextDecoder().decode(cncf.config.bytes)), {
    created: "1970-01-01T00:00:00Z",
    author: "Ada",
    architecture: "wasm",
    os: "wasip1",
    layerDigests: [DESCRIPTOR.digest],
  });
});

Deno.test("packModule() makes the same bytes of the same input", () => {
  const made = [{ a: "1", b: "2" }, { b: "2", a: "1" }].map((annotations) =>
    packModule(DESCRIPTOR, { format: "compat", title: "t", created: new Date(5000), annotations })
  );
  assert.equal(made[0]?.manifest.descriptor.digest, made[1]?.manifest.descriptor.digest);
});

Deno.test("findModule() takes one module by its type or its title, whatever else there is", () => {
  const found: [string, ImageManifest][] = [
    ["compat", manifest("application/vnd.wasm.config.v1+json", descriptor("application/wasm"))],
    ["artifact", manifest("application/vnd.oci.empty.v1+json", descriptor("a/b", "x.wasm"))],
    // As `oras push hello.wasm` leaves it.
    ["artifact", manifest("application/vnd.oci.empty.v1+json", descriptor(TAR, "hello.wasm"))],
    ["artifact", manifest("text/x", descriptor("text/plain", "README"), descriptor("a/b+wasm"))],
    ["artifact", manifest(IMAGE_CONFIG, descriptor("application/wasm; version=1"))],
    ["artifact", manifest("text/x", descriptor("application/octet-stream"))],
    ["artifact", manifest("text/x", descriptor("application/vnd.other.v1+binary"))],
  ];
  for (const [kind, artifact] of found) {
    const place = findModule(artifact, "it");
    assert.equal(place.kind, kind);
    assert.equal(place.layers.length, 1);
    assert.equal(place.isArchive, false);
  }
});

Deno.test("findModule() takes images as archives, all layers of them", () => {
  const layers = [`${TAR}+gzip`, TAR, `${TAR}+zstd`].map((type) => descriptor(type));
  const place = findModule(manifest(IMAGE_CONFIG, ...layers), "it");
  assert.deepEqual(place, { kind: "image", layers, isArchive: true });
});

Deno.test("findModule() reports what it found instead of one module", () => {
  const wasm = descriptor("application/wasm");
  const refused: [ImageManifest, RegExp][] = [
    [manifest(IMAGE_CONFIG), /found no layer; config application\/vnd\.oci\.image/],
    [manifest("text/x", descriptor("text/plain", "README")), /found text\/plain \(README\)/],
    [manifest(IMAGE_CONFIG, descriptor("application/octet-stream")), /found .*octet-stream/],
    [
      manifest("text/x", descriptor("application/octet-stream"), descriptor("a/b")),
      /octet-stream, a\/b/,
    ],
    [manifest("text/x", wasm, wasm), /found application\/wasm, application\/wasm;/],
    [manifest("application/vnd.wasm.config.v0+json", wasm, descriptor("a/b")), /found .*a\/b/],
    [manifest("application/vnd.oci.empty.v1+json", descriptor(TAR)), /config .*empty/],
    [
      manifest("application/vnd.oci.empty.v1+json", descriptor(`${TAR}+gzip`, "folder.wasm")),
      /config .*empty/,
    ],
    [manifest("text/x", ...Array(20).fill(descriptor("text/plain"))), /and 12 more/],
  ];
  for (const [artifact, pattern] of refused) {
    assert.throws(() => findModule(artifact, "it"), { code: "NOT_A_MODULE", message: pattern });
  }
});

Deno.test("findModule() refuses a module of more than 1 GiB", () => {
  const layers = [descriptor("application/wasm", "x.wasm", 2 ** 30 + 1)];
  assert.throws(() => findModule(manifest("text/x", ...layers), "it"), { code: "TOO_LARGE" });
});

Deno.test("checkMagic() accepts core modules, objects and packages only", () => {
  checkMagic(MODULE, "it");
  checkMagic(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), "it");
  checkMagic(new TextEncoder().encode('{"bpf_object": ""}'), "it");
  const refused: [number[], RegExp][] = [
    [[], /starts with nothing/],
    [[0, 0x61, 0x73, 0x6d], /starts with 00 61 73 6d/],
    [[0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0], /component/],
    [[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0], /ca fe ba be/],
  ];
  for (const [bytes, pattern] of refused) {
    const check = () => checkMagic(Uint8Array.from(bytes), "it");
    assert.throws(check, { code: "NOT_A_MODULE", message: pattern });
  }
});

Deno.test("choosePlatform() prefers WebAssembly, and takes the only one", () => {
  const chosen: [number, ImageIndex, string?][] = [
    [1, index("linux/amd64", "wasi/wasm", "linux/arm64")],
    [2, index("linux/amd64", "wasi/wasm", "wasip1/wasm")],
    [0, index("linux/amd64", "unknown/unknown")],
    [0, index(undefined)],
    [2, index("wasi/wasm", "linux/amd64", "linux/arm64/v8"), "linux/arm64"],
    [2, index("wasi/wasm", "linux/amd64", "linux/arm64/v8"), "linux/arm64/v8"],
  ];
  for (const [position, from, platform] of chosen) {
    const options = { what: "it", platform };
    assert.equal(choosePlatform(from, options), from.manifests[position]);
  }
});

Deno.test("choosePlatform() lists the platforms when none matches", () => {
  const refused: [ImageIndex, string | undefined, RegExp][] = [
    [index("linux/amd64", "linux/arm64/v8"), undefined, /found linux\/amd64, linux\/arm64\/v8/],
    [index("wasi/wasm"), "linux/amd64", /no manifest for linux\/amd64: found wasi\/wasm/],
    [index("unknown/unknown"), undefined, /found nothing/],
    [index(), undefined, /found nothing/],
  ];
  for (const [from, platform, message] of refused) {
    const options = { what: "it", platform };
    assert.throws(() => choosePlatform(from, options), { code: "NOT_FOUND", message });
  }
});
