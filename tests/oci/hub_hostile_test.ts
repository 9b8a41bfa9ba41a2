/** Hubs whose registry, publisher or surroundings are hostile. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { BOOTSTRAP, CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { type Change, EvilRegistry } from "../support/evil_registry.ts";
import { cosignFile } from "../support/cosign_data.ts";
import { HubPlace } from "../support/hub_place.ts";
import { SOAK } from "../support/soak.ts";

const CATALOG = "application/vnd.wasm-bpf.catalog.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Returns a change that serves a catalogue's manifest and, if there is one, its document. */
function serving(
  manifest: Record<string, unknown>,
  type: string,
  documents: string[] = [],
): Change {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: type, ...manifest });
  const headers = { "content-type": type, "docker-content-digest": sha256(text) };
  return (path) => {
    if (path.endsWith("/manifests/latest") || path.endsWith(sha256(text))) {
      return new Response(text, { headers: { ...headers, "content-length": `${text.length}` } });
    }
    const document = documents.find((one) => path.endsWith(sha256(one)));
    return document === undefined ? undefined : new Response(document);
  };
}

function layer(text: string, size = text.length): Record<string, unknown> {
  return {
    artifactType: CATALOG,
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 },
    layers: [{ mediaType: CATALOG, digest: sha256(text), size }],
  };
}

function document(tools: unknown[], change: Record<string, unknown> = {}): string {
  const created = "2026-01-01T00:00:00Z";
  return JSON.stringify({
    schemaVersion: 1,
    name: "acme",
    serial: 2 ** 40,
    created,
    tools,
    ...change,
  });
}

const ESCAPES = document([{
  name: "\x1b]0;owned\x07",
  summary: "x",
  keywords: [],
  versions: [],
}]);

/** Responses of an unsigned hub's registry, by what they attempt, with the error. */
const UNSIGNED: Readonly<Record<string, [Change, RegExp]>> = {
  "a huge document": [serving(layer("x", 9 * 2 ** 20), MANIFEST), /more than the limit/],
  "a document that never ends": [
    (path, honest) =>
      serving(layer("x", 1000), MANIFEST)(path, honest) ??
        (path.endsWith(sha256("x")) ? new Response(endless()) : undefined),
    /./,
  ],
  "an index that leads to itself": [
    serving({ manifests: [{ mediaType: INDEX, digest: sha256("y"), size: 1 }] }, INDEX),
    /as a catalogue/,
  ],
  "a module in place of a catalogue": [
    serving({ ...layer("x"), artifactType: "application/wasm" }, MANIFEST),
    /as a catalogue/,
  ],
  "two layers": [
    serving(
      { ...layer("x"), layers: [layer("x"), layer("y")].flatMap(({ layers }) => layers) },
      MANIFEST,
    ),
    /as a catalogue/,
  ],
  "escape codes in a name": [serving(layer(ESCAPES), MANIFEST, [ESCAPES]), /tools\[0\]/],
  "repeated members": [
    serving(layer('{"serial":1,"Serial":2}'), MANIFEST, ['{"serial":1,"Serial":2}']),
    /is repeated/,
  ],
  "deep nesting": [serving(layer("[".repeat(9999)), MANIFEST, ["[".repeat(9999)]), /nests deeper/],
};

function endless(): ReadableStream<Uint8Array> {
  const part = new Uint8Array(65536);
  return new ReadableStream({ pull: (controller) => controller.enqueue(part) });
}

Deno.test("hub refresh keeps the last catalogue whatever the registry of an unsigned hub serves", async () => {
  await using place = await HubPlace.create();
  await using evil = new EvilRegistry(place.registry);
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await user.succeed([
    "hub",
    "add",
    "-q",
    "acme",
    `${evil.host}/acme/hub:latest`,
    "--allow-unsigned",
  ]);
  for (const [what, [change, error]] of Object.entries(UNSIGNED)) {
    evil.change = change;
    const { code, stderr } = await user.run(["hub", "refresh", "-q"]);
    assert.equal(code, 1, what);
    assert.match(stderr, error, what);
    assert.ok(!stderr.includes("\x1b"), what);
    assert.doesNotMatch(stderr, /internal error/, what);
  }
  assert.match(await user.succeed(["search", "chatter"]), /1\.0\.0 +speak of chatter/);
});

Deno.test("hub refresh and install refuse what an attacker changes in a signed hub", async () => {
  await using place = await HubPlace.create();
  await using evil = new EvilRegistry(place.registry);
  const { user, registry } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.publish(place.catalog, {
    key: cosignFile("p384.key"),
    reference: `${registry.host}/acme/hub:forged`,
  });
  await place.add("acme", `${evil.host}/acme/hub:latest`);
  const accept = { headers: { accept: MANIFEST } };
  const attacks: [string, Change, RegExp][] = [
    [
      "another key",
      (path) =>
        path.endsWith("/manifests/latest")
          ? registry.fetch("/v2/acme/hub/manifests/forged", accept)
          : undefined,
      /./,
    ],
    [
      "no signature",
      (path) => path.endsWith(".sig") ? new Response(null, { status: 404 }) : undefined,
      /it is not signed/,
    ],
    [
      "a changed document",
      (path, honest) => path.includes("/blobs/") ? changedBody(honest) : undefined,
      /./,
    ],
    [
      "a connection cut in the middle",
      (path) =>
        path.includes("/manifests/latest") ? new Response(cut(), { status: 200 }) : undefined,
      /./,
    ],
  ];
  // A signature by the other key is over the same manifest: it must not count.
  await place.publish(await user.write("forged.json", await forged(place.catalog)), {
    key: cosignFile("p384.key"),
    reference: `${registry.host}/acme/hub:forged`,
  });
  for (const [what, change, error] of attacks) {
    evil.change = change;
    const { code, stderr } = await user.run(["hub", "refresh", "-q"]);
    assert.equal(code, 1, what);
    assert.match(stderr, error, what);
    assert.doesNotMatch(stderr, /internal error/, what);
  }
  evil.change = () => undefined;
  assert.match(await user.succeed(["search", "chatter"]), /speak of chatter/);
});

async function forged(file: string): Promise<string> {
  const text = await Deno.readTextFile(file);
  return text.replace("speak of", "steal from").replace(/"serial": \d+/, '"serial": 4000000000');
}

function cut(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"schemaVersion"'));
      controller.error(new Error("cut"));
    },
  });
}

async function changedBody(honest: Response): Promise<Response> {
  const bytes = new Uint8Array(await honest.clone().arrayBuffer());
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return new Response(bytes, { headers: honest.headers });
}

Deno.test("a tool is refused by policy, by its digest, and for permissions that are not declared", async () => {
  await using place = await HubPlace.create();
  const { user, registry } = place;
  await place.pushTool("tracer", "v1.0.0", await Deno.readFile(BOOTSTRAP));
  await place.publishTools({ chatter: "v1.0.0" });
  const file = await place.build([place.tool("tracer", "v1.0.0")]);
  const honest = await Deno.readTextFile(file);
  const tracer = JSON.parse(honest).tools.find(({ name }: { name: string }) => name === "tracer");
  assert.ok(tracer.versions[0].permissions.includes("inspect"));
  await Deno.writeTextFile(
    file,
    honest.replaceAll(/"inspect",?/g, "").replaceAll(/,(\s*\])/g, "$1"),
  );
  await place.publish(file);
  await place.add();
  const bin = ["--bin", place.bin];
  await place.refused(["install", ...bin, "tracer"], /needs inspect, which the catalogue/);
  assert.equal(await user.succeed(["images", "-q"]), "");

  const references = { [`${registry.host}/acme/hub`]: "accept", "*": "reject" };
  const policy = await user.write("config/wasm-bpf/policy.json", JSON.stringify({ references }));
  await place.refused(["install", ...bin, "chatter"], /rejects it/);
  assert.match(await user.succeed(["info", "chatter"]), /^Rejected +.*rejects it$/m);
  await Deno.remove(policy);
  await place.install("chatter");
  const { reference } = JSON.parse(await user.succeed(["list", "--json"]))[0];
  await user.write(
    "config/wasm-bpf/policy.json",
    JSON.stringify({ references: { "*": "reject" } }),
  );
  const run = await place.launch("chatter");
  assert.deepEqual([run.code, run.stdout], [1, ""]);
  await Deno.remove(policy);
  // Another catalogue under the same version: the pinned digest stays.
  const other = await place.pushTool("chatter", "v1.0.1");
  await place.publish(await place.build([other]));
  const text = await Deno.readTextFile(file);
  const later = JSON.parse(text).tools.find(({ name }: { name: string }) => name === "chatter");
  const newer = later.versions[0].reference;
  const swapped = text.replaceAll(reference, newer).replace(/"1\.0\.1"/, '"0.9.0"')
    .replace(/"serial": \d+/, '"serial": 4000000000');
  await place.publish(await user.write("swapped.json", swapped));
  await place.refused(["upgrade", "-q"], /version 1\.0\.0 is .* now, and was/);
  assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");
});

Deno.test("Ctrl-C in the middle of an upgrade leaves the old version", async () => {
  await using place = await HubPlace.create();
  await using evil = new EvilRegistry(place.registry);
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.publishTools({ chatter: "v2.0.0" });
  const file = place.catalog;
  const text = await Deno.readTextFile(file);
  await place.publish(
    await user.write("evil.json", text.replaceAll(place.registry.host, evil.host)),
  );
  await place.add();
  await place.install("chatter@1.0.0");
  evil.change = (path) => path.includes("/blobs/") ? evil.never : undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    evil.asked.length = 0;
    await using upgrade = new CliProcess(["upgrade", "-q"], { env: user.env });
    await until("the blob is asked for", () => evil.asked.some((path) => path.includes("/blobs/")));
    upgrade.kill(signal);
    const { code } = await upgrade.result();
    assert.equal(code, signal === "SIGINT" ? 130 : 143);
    assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");
  }
  evil.change = () => undefined;
  await user.succeed(["upgrade", "-q"]);
  assert.equal((await place.launch("chatter")).stdout, "chatter v2.0.0\n");
});

Deno.test("a registry that stops in the middle of an upgrade leaves the old version", async () => {
  await using place = await HubPlace.create();
  await using evil = new EvilRegistry(place.registry);
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.publishTools({ chatter: "v2.0.0" });
  const text = await Deno.readTextFile(place.catalog);
  await place.publish(
    await user.write("stops.json", text.replaceAll(place.registry.host, evil.host)),
  );
  await place.add();
  await place.install("chatter@1.0.0");
  // The connection ends in the middle of the blob; what then answers in its place has none. The soak
  // waits for the last attempt at connections that end.
  let blobs = 0;
  evil.change = (path) => {
    if (!path.includes("/blobs/")) return undefined;
    blobs += 1;
    return blobs === 1 || SOAK ? new Response(cut()) : new Response(null, { status: 404 });
  };
  const { code, stderr } = await user.run(["upgrade", "-q"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^error: Cannot pull .*chatter/m);
  assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");
  const { stdout } = await user.run(["list"]);
  assert.match(stdout, /chatter +1\.0\.0/);
  evil.change = () => undefined;
  await user.succeed(["upgrade", "-q"]);
  assert.equal((await place.launch("chatter")).stdout, "chatter v2.0.0\n");
});

Deno.test("root writes no launcher where another user could replace it", async () => {
  await using place = await HubPlace.create();
  await place.publishTools({ chatter: "v1.0.0" });
  await place.add();
  const { bin, user } = place;
  await Deno.mkdir(bin);
  await Deno.chown(bin, 12345, 12345);
  await place.refused(["install", "--bin", bin, "chatter"], /belongs to user 12345/);
  assert.equal(await user.succeed(["list"]), "");
  await Deno.chown(bin, 0, 0);
  await Deno.chmod(bin, 0o777);
  await place.refused(["install", "--bin", bin, "chatter"], /every user can write/);
  assert.equal(await user.succeed(["list"]), "");
  await Deno.chmod(bin, 0o755);
  await place.install("chatter");
  const folder = `${user.store}/hub`;
  await Deno.chmod(folder, 0o777);
  await place.refused(["run", "--installed", "chatter"], /others can write to it/);
  await Deno.chmod(folder, 0o700);
  assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");
});
