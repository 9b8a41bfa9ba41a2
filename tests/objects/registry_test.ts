/** Objects and packages in registries: pushed by us, and artifacts of others. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { putBytes, putManifest } from "../support/artifacts.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import { makeTar } from "../support/tar.ts";

const OBJECT = fromFileUrl("../../dist/tests/objects/ring-kept.bpf.o");
const EVENT = /"number":7,"value":1234567/;
const CALLER = ["perl", "-e", "getpgrp(0)"];

const GADGET = fromFileUrl("../../dist/tests/objects/gadget-tracer.bpf.o");
const METADATA = `name: calls
description: Show calls of a test
datasources:
  calls:
    fields:
      number:
        annotations:
          description: a number
          columns.hidden: "true"
params:
  ebpf:
    number:
      key: amount
      alias: a
      description: number to show
`;

Deno.test("run takes a gadget's metadata from its image, and leaves its Wasm layer", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const text = (content: string) => new TextEncoder().encode(content);
  const config = await putBytes(registry, "gadget", text(METADATA));
  const layer = await putBytes(registry, "gadget", await Deno.readFile(GADGET));
  const wasm = await putBytes(registry, "gadget", text("\0asm\x01\0\0\0"));
  await putManifest(registry, { repository: "gadget", tag: "v1" }, {
    artifactType: "application/vnd.gadget.v1+binary",
    config: { mediaType: "application/vnd.gadget.config.v1+yaml", ...config },
    layers: [
      { mediaType: "application/vnd.gadget.ebpf.program.v1+binary", ...layer },
      { mediaType: "application/vnd.gadget.wasm.program.v1+binary", ...wasm },
    ],
  });
  const reference = `${registry.host}/gadget:v1`;
  // The second run is from the store.
  for (let i = 0; i < 2; i++) {
    const help = await place.run([reference, "--help"]);
    assert.match(help.stdout, /^Show calls of a test\n[^]*-a, --amount NUMBER +number to show/);
    const { stdout, stderr } = await place.run(
      ["-o", "jsonl", "--count", "1", "--timeout", "120s", reference, "-a", "9", "--"].concat(
        CALLER,
      ),
    );
    assert.match(stdout, /"error":"ENOENT"/, stderr);
    assert.doesNotMatch(stdout, /"number"/, "hidden by its metadata");
    assert.match(stderr, /note: the gadget's Wasm layer is not run/);
  }
});

Deno.test("run takes an object at an address", async () => {
  await using place = await Place.create();
  const body = await Deno.readFile(OBJECT);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body),
  );
  const { stdout, stderr } = await place.run(
    ["-o", "jsonl", "--count", "1", "--timeout", "120s"]
      .concat(`http://127.0.0.1:${server.addr.port}/tool.bpf.o`, "--", CALLER),
  );
  assert.match(stdout, EVENT, stderr);
});

Deno.test("run takes the only object of a container image", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const body = await Deno.readFile(OBJECT);
  const tar = new Uint8Array(gzipSync(makeTar([{ path: "bytecode.o", body }])));
  const layer = await putBytes(registry, "image", tar);
  const config = await putBytes(registry, "image", new TextEncoder().encode("{}"));
  await putManifest(registry, { repository: "image", tag: "v1" }, {
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
  });
  const { stdout, stderr } = await place.run(
    ["-o", "jsonl", "--count", "1", "--timeout", "120s", `${registry.host}/image:v1`, "--"]
      .concat(CALLER),
  );
  assert.match(stdout, EVENT, stderr);
});

Deno.test("push sends packages and archives, whose bytes decide", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  using folder = new TestFolder();
  const made = await place.run(["package", OBJECT, "-o", folder.at("package.json")]);
  assert.equal(made.code, 0, made.stderr);
  const json = await Deno.readFile(folder.at("package.json"));
  await Deno.writeFile(folder.at("p.tar"), makeTar([{ path: "package.json", body: json }]));
  for (const file of ["package.json", "p.tar"]) {
    const reference = `${registry.host}/packages:${file}`;
    const pushed = await place.run(["push", "--quiet", folder.at(file), reference]);
    assert.equal(pushed.code, 0, pushed.stderr);
    const { stdout, stderr } = await place.run(
      ["-o", "jsonl", "--count", "1", "--timeout", "120s", reference, "--"].concat(CALLER),
    );
    assert.match(stdout, EVENT, `${file}: ${stderr}`);
    const shown = JSON.parse((await place.run(["inspect", "--json", reference])).stdout);
    assert.deepEqual(shown.asked.levels, shown.object.programs[0].levels);
    assert.equal(shown.run.sources[0].kind, "events");
    for (const [level, code] of [["observe", 3], ["never", 0]] as const) {
      assert.equal((await place.run(["inspect", "--fail-on", level, reference])).code, code);
    }
  }
});

Deno.test("inspect of a damaged object in the store reaches every level", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const config = await putBytes(registry, "cut", new TextEncoder().encode("{}"));
  const bytes = (await Deno.readFile(OBJECT)).slice(0, 900);
  const layer = await putBytes(registry, "cut", bytes);
  await putManifest(registry, { repository: "cut", tag: "v1" }, {
    config: { mediaType: "application/ebpf.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/ebpf.oci.image.program.v1+binary", ...layer }],
  });
  const reference = `${registry.host}/cut:v1`;
  const pulled = await place.run(["pull", "--quiet", reference]);
  assert.equal(pulled.code, 0, pulled.stderr);
  const { code, stdout } = await place.run(["inspect", "--fail-on", "never", reference]);
  assert.equal(code, 3);
  assert.match(stdout, /^eBPF object .*ELF/m);
});

Deno.test("run takes objects from a registry, whatever made the artifact", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const pushed = await place.run(["push", "--quiet", OBJECT, `${registry.host}/tool:v1`]);
  assert.equal(pushed.code, 0, pushed.stderr);
  const bytes = await Deno.readFile(OBJECT);
  const config = await putBytes(registry, "other", new TextEncoder().encode("{}"));
  const layer = await putBytes(registry, "other", bytes);
  for (
    const [tag, configType, layerType] of [
      [
        "gadget",
        "application/vnd.gadget.config.v1+yaml",
        "application/vnd.gadget.ebpf.program.v1+binary",
      ],
      [
        "bee",
        "application/ebpf.oci.image.config.v1+json",
        "application/ebpf.oci.image.program.v1+binary",
      ],
    ] as const
  ) {
    await putManifest(registry, { repository: "other", tag }, {
      config: { mediaType: configType, ...config },
      layers: [{ mediaType: layerType, ...layer }],
    });
  }
  for (const reference of ["tool:v1", "other:gadget", "other:bee"]) {
    const { stdout, stderr } = await place.run(
      ["-o", "jsonl", "--count", "1", "--timeout", "120s", `${registry.host}/${reference}`, "--"]
        .concat(CALLER),
    );
    assert.match(stdout, EVENT, `${reference}: ${stderr}`);
  }
});

const EMPTY = new TextEncoder().encode("{}");
const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

Deno.test("run takes objects by digest, by platform, and next to other layers", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const [bytes, other] = [await Deno.readFile(OBJECT), await Deno.readFile(GADGET)];
  const config = await putBytes(registry, "forms", EMPTY);
  const layer = await putBytes(registry, "forms", bytes);
  const btf = await putBytes(registry, "forms", new TextEncoder().encode("not looked at"));
  const put = (tag: string, layers: unknown[], configType = "application/vnd.unknown+json") =>
    putManifest(registry, { repository: "forms", tag }, {
      config: { mediaType: configType, ...config },
      layers,
    });
  const object = (mediaType: string) => ({ mediaType, ...layer });
  const gadget = "application/vnd.gadget.ebpf.program.v1+binary";
  const digest = await put("plain", [object("application/octet-stream")]);
  await put("text", [object("text/plain")]);
  await put("gadget", [
    { mediaType: "application/vnd.gadget.wasm.program.v1+binary", ...btf },
    { mediaType: "application/vnd.gadget.btfgen.v1+binary", ...btf },
    object(gadget),
  ], "application/vnd.gadget.config.v1+yaml");
  // Another platform has another object: its own name shows which one was taken.
  const [here, there] = Deno.build.arch === "x86_64" ? ["amd64", "arm64"] : ["arm64", "amd64"];
  const far = await putBytes(registry, "forms", other);
  const manifests = [];
  for (const [architecture, one] of [[there, far], [here, layer]] as const) {
    const tag = `only-${architecture}`;
    const digest = await put(tag, [{ mediaType: gadget, ...one }]);
    const found = await registry.fetch(`/v2/forms/manifests/${tag}`, {
      method: "GET",
      headers: { accept: MANIFEST },
    });
    const size = (await found.arrayBuffer()).byteLength;
    manifests.push({ mediaType: MANIFEST, digest, size, platform: { os: "linux", architecture } });
  }
  await putManifest(registry, { repository: "forms", tag: "index" }, {
    mediaType: INDEX,
    manifests,
  });
  const run = (...words: string[]) =>
    place.run(["-o", "jsonl", "--count", "1", "--timeout", "120s", ...words, "--", ...CALLER]);
  for (const name of [`forms@${digest}`, "forms:gadget", "forms:index"]) {
    const { stdout, stderr } = await run(`${registry.host}/${name}`);
    assert.match(stdout, EVENT, `${name}: ${stderr}`);
  }
  const foreign = await run("--platform", `linux/${there}`, `${registry.host}/forms:index`);
  assert.match(foreign.stdout, /"error":"ENOENT"/, foreign.stderr);
  const text = await run(`${registry.host}/forms:text`);
  assert.deepEqual([text.code, text.stdout], [1, ""]);
  assert.match(text.stderr, /found text\/plain/);
  const missing = await run("--platform", "linux/s390x", `${registry.host}/forms:index`);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /linux\/s390x/);
});
