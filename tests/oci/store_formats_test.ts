/** Artifacts of other tools, pulled from a registry and run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { succeed } from "../support/actor.ts";
import { type Blob, putBytes, putManifest } from "../support/artifacts.ts";
import { speaking } from "../support/place.ts";
import { StorePlaces } from "../support/store_places.ts";

const HELLO = speaking("hello");
const OCI = "application/vnd.oci.image";
const DOCKER = "application/vnd.docker";
const REPOSITORY = "you/tool";

/** Files by their paths; a text is the target of a symbolic link. */
type Tree = Record<string, Uint8Array | string>;

async function write(folder: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const target = join(folder, path);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    if (typeof content === "string") await Deno.symlink(content, target);
    else await Deno.writeFile(target, content);
  }
}

/** An archive made by the machine's own tar. */
async function archive(tree: Tree, format = "gnu"): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    await write(join(folder, "tree"), tree);
    const file = join(folder, "tar");
    await succeed("tar", `--format=${format}`, "-cf", file, "-C", join(folder, "tree"), ".");
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Puts manifests into a registry. */
class Maker {
  readonly places: StorePlaces;

  constructor(places: StorePlaces) {
    this.places = places;
  }

  async blob(mediaType: string, bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
    return { mediaType, ...await putBytes(this.places.registry, REPOSITORY, bytes) } as Blob;
  }

  async manifest(tag: string, config: string, ...layers: Blob[]): Promise<string> {
    const empty = await this.blob(config, new TextEncoder().encode("{}"));
    const name = { repository: REPOSITORY, tag };
    return await putManifest(this.places.registry, name, { config: empty, layers });
  }

  /** A container image of layers in OCI's types. */
  async image(tag: string, ...layers: [string, Uint8Array][]): Promise<string> {
    const blobs: Blob[] = [];
    for (const [suffix, bytes] of layers) {
      blobs.push(await this.blob(`${OCI}.layer.v1.tar${suffix}`, Uint8Array.from(bytes)));
    }
    return await this.manifest(tag, `${OCI}.config.v1+json`, ...blobs);
  }
}

Deno.test("container images with one module run, of every kind of archive", async () => {
  await using places = await StorePlaces.create();
  const maker = new Maker(places);
  const long = `${"a/long/path/".repeat(20)}tool.wasm`;
  for (const format of ["gnu", "pax", "ustar", "v7", "oldgnu"]) {
    const path = /gnu|pax/.test(format) ? long : "app/tool.wasm";
    await maker.image(`of-${format}`, ["", await archive({ [path]: HELLO }, format)]);
  }
  const tar = await archive({ "tool.wasm": HELLO });
  await maker.image("gzip", ["+gzip", gzipSync(tar)]);
  await maker.image("zstd", ["+zstd", zstdCompressSync(tar)]);
  const below = await archive({ "etc/os-release": HELLO, "x.wasm": HELLO });
  const hidden = await archive({ "etc/.wh.os-release": new Uint8Array(), ".wh.x.wasm": HELLO });
  await maker.image("layers", ["+gzip", gzipSync(below)], ["", hidden], ["", tar]);
  const docker = await maker.blob(
    `${DOCKER}.image.rootfs.diff.tar.gzip`,
    Uint8Array.from(gzipSync(tar)),
  );
  await maker.manifest("docker", `${DOCKER}.container.image.v1+json`, docker);
  const dockerZstd = await maker.blob(
    `${DOCKER}.image.rootfs.diff.tar.zstd`,
    Uint8Array.from(zstdCompressSync(tar)),
  );
  await maker.manifest("docker-zstd", `${DOCKER}.container.image.v1+json`, dockerZstd);
  for (
    const tag of [
      "of-gnu",
      "of-pax",
      "of-ustar",
      "of-v7",
      "of-oldgnu",
      "gzip",
      "zstd",
      "layers",
      "docker",
      "docker-zstd",
    ]
  ) {
    for (const pull of ["missing", "never"]) {
      const { stdout, stderr } = await places.run("-q", "--pull", pull, places.reference(tag));
      assert.deepEqual({ tag, stdout, stderr }, { tag, stdout: "hello\n", stderr: "" });
    }
  }
  await places.ok("pull", "-q", "-o", "out.wasm", places.reference("layers"));
  assert.deepEqual(await Deno.readFile(join(places.folder, "out.wasm")), HELLO);
  const listed = JSON.parse(await places.ok("images", "--json"));
  assert.deepEqual([...new Set(listed.map((one: { kind: string }) => one.kind))], ["image"]);
});

Deno.test("an image index is gone through to what is for WebAssembly", async () => {
  await using places = await StorePlaces.create();
  const maker = new Maker(places);
  const wasm = await maker.blob("application/wasm", HELLO);
  const other = await maker.blob("application/wasm", speaking("other"));
  const config = "application/vnd.wasm.config.v0+json";
  const children = [
    { digest: await maker.manifest("child-a", config, other), os: "linux", architecture: "amd64" },
    { digest: await maker.manifest("child-b", config, wasm), os: "wasip1", architecture: "wasm" },
  ];
  const manifests = await Promise.all(children.map(async ({ digest, ...platform }) => {
    const response = await places.registry.fetch(`/v2/${REPOSITORY}/manifests/${digest}`, {
      headers: { accept: `${OCI}.manifest.v1+json` },
    });
    const size = (await response.bytes()).length;
    return { mediaType: `${OCI}.manifest.v1+json`, digest, size, platform };
  }));
  const name = { repository: REPOSITORY, tag: "all" };
  const index = { mediaType: `${OCI}.index.v1+json`, manifests };
  const digest = await putManifest(places.registry, name, index);
  const run = async (...args: string[]) => (await places.run("-q", ...args)).stdout;
  const all = places.reference("all");
  assert.equal(await run(all), "hello\n");
  assert.equal(await run("--platform", "linux/amd64", all), "other\n");
  assert.equal(await run("--platform", "wasip1/wasm", all), "hello\n");
  const byDigest = all.replace(/:all$/, `@${digest}`);
  await places.registry.stop();
  assert.equal(await run("--pull", "never", byDigest), "hello\n");
  const { code, stderr } = await places.run("--platform", "plan9/arm", all);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot/);
});

Deno.test("pull lists an index's platforms when none is WebAssembly", async () => {
  await using places = await StorePlaces.create();
  const maker = new Maker(places);
  const wasm = await maker.blob("application/wasm", HELLO);
  const digest = await maker.manifest("child", "text/x", wasm);
  const child = { mediaType: `${OCI}.manifest.v1+json`, digest, size: 1 };
  const response = await places.registry.fetch(`/v2/${REPOSITORY}/manifests/${digest}`, {
    headers: { accept: child.mediaType },
  });
  child.size = (await response.bytes()).length;
  const manifests = ["amd64", "arm64"].map((architecture) => ({
    ...child,
    platform: { os: "linux", architecture },
  }));
  const name = { repository: REPOSITORY, tag: "all" };
  await putManifest(places.registry, name, { mediaType: `${OCI}.index.v1+json`, manifests });
  const { code, stderr } = await places.run("pull", places.reference("all"));
  assert.equal(code, 1);
  assert.match(stderr, /found linux\/amd64, linux\/arm64\nhint: --platform/);
});

Deno.test("pull reports an artifact without a module, or with several", async () => {
  await using places = await StorePlaces.create();
  const maker = new Maker(places);
  const wasm = await maker.blob("application/wasm", HELLO);
  const text = await maker.blob("text/plain", new TextEncoder().encode("text"));
  const titled = { ...text, annotations: { "org.opencontainers.image.title": "README.md" } };
  await maker.manifest("text", "text/x", titled);
  await maker.manifest("two", "text/x", wasm, { ...wasm, mediaType: "a/b+wasm" } as Blob);
  await maker.manifest("wrong", "text/x", { ...text, mediaType: "application/wasm" } as Blob);
  await maker.image("debian", ["", await archive({ "bin/sh": HELLO, "bin/true": "sh" })]);
  await maker.image("sparse", ["", await sparse(places.folder)]);
  await maker.image("damaged", ["+gzip", gzipSync(HELLO).subarray(0, 20)]);
  const expected: Record<string, RegExp> = {
    text: /found text\/plain \(README\.md\); config text\/x/,
    two: /found application\/wasm, a\/b\+wasm/,
    wrong: /starts with 74 65 78 74/,
    debian: /found bin\/(sh, bin\/true \(a link\)|true \(a link\), bin\/sh)/,
    sparse: /sparse|type "S"/,
    damaged: /Cannot decompress layer/,
  };
  for (const [tag, pattern] of Object.entries(expected)) {
    for (const command of [["pull", "-q"], ["run", "-q"]]) {
      const { code, stderr } = await places.run(...command, places.reference(tag));
      assert.equal(code, 1, stderr);
      assert.match(stderr, pattern);
    }
  }
  assert.equal((await places.ok("images", "--json")).trim(), "[]");
});

async function sparse(folder: string): Promise<Uint8Array> {
  const tree = join(folder, "sparse");
  await write(tree, { "tool.wasm": HELLO });
  await Deno.truncate(join(tree, "tool.wasm"), 10_000_000);
  await succeed("tar", "--sparse", "-cf", join(folder, "sparse.tar"), "-C", tree, ".");
  return await Deno.readFile(join(folder, "sparse.tar"));
}
