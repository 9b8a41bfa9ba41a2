/** The image of `./dev image`: complete, the same each time, and with a bill of what is in it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import config from "../../deno.json" with { type: "json" };
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { privateRoot } from "../support/mounts.ts";
import { SOAK } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

const CHECKOUT = fromFileUrl("../../");
const IMAGE = `${CHECKOUT}dist/image`;
const BINARY = `${CHECKOUT}dist/wasm-bpf`;

interface Descriptor {
  mediaType: string;
  artifactType?: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
  subject?: Descriptor;
}

async function make(): Promise<Descriptor[]> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "build/main.ts", "image"],
    cwd: CHECKOUT,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(await Deno.readTextFile(`${IMAGE}/index.json`)).manifests;
}

function pathOf({ digest }: Descriptor): string {
  return `${IMAGE}/blobs/${digest.replace(":", "/")}`;
}

async function read<T>(descriptor: Descriptor): Promise<T> {
  const bytes = await Deno.readFile(pathOf(descriptor));
  assert.equal(bytes.length, descriptor.size);
  assert.equal(
    `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    descriptor.digest,
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

Deno.test("the image runs with nothing else, and has a bill of materials", async () => {
  const [image, bill] = await make();
  assert.ok(image && bill);
  // Names, digests and sizes as another reader understands them.
  await succeed("skopeo", "inspect", `oci:${IMAGE}:${config.version}`);
  const { layers } = await read<Manifest>(image);
  using folder = new TestFolder();
  const root = folder.at("root");
  await Deno.mkdir(root);
  for (const layer of layers) await succeed("tar", "-C", root, "-xzf", pathOf(layer));
  const inside = async (...words: string[]) => {
    // The program finds itself by /proc.
    const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/wasm-bpf "$@"';
    const [program = "", ...args] = [...privateRoot(), script, root];
    return await succeed(program, ...args, ...words);
  };
  const version = await inside("--version");
  assert.equal(version.split("\n")[0], `wasm-bpf ${config.version}`);
  assert.match(await inside("tools"), /exitsnoop/);
  // No shell, and nothing else to start.
  const files = await succeed("find", root, "-type", "f", "-perm", "/111", "!", "-path", "*/lib*");
  assert.equal(files, `${root}/usr/bin/wasm-bpf\n`);
  assert.equal(await succeed("find", root, "-perm", "/6000", "-type", "f"), "");

  const { subject, layers: [document] } = await read<Manifest>(bill);
  assert.equal(subject?.digest, image.digest);
  assert.ok(document);
  const { packages, relationships } = await read<{
    packages: { name: string; SPDXID: string; checksums?: { checksumValue: string }[] }[];
    relationships: unknown[];
  }>(document);
  const binary = createHash("sha256").update(await Deno.readFile(BINARY)).digest("hex");
  assert.equal(packages[0]?.checksums?.[0]?.checksumValue, binary);
  const names = packages.map(({ name }) => name);
  for (
    const name of ["deno", "libbpf", "elfutils", "zlib", "js-yaml", "argparse", "uplot", "libc6"]
  ) {
    assert.ok(names.includes(name), name);
  }
  // Tools of the build are not in it.
  for (const name of ["assemblyscript", "wabt", "modern-tar"]) assert.ok(!names.includes(name));
  assert.equal(new Set(packages.map(({ SPDXID }) => SPDXID)).size, packages.length);
  assert.equal(relationships.length, packages.length);
  if (!SOAK) return;
  const [again] = await make();
  assert.equal(again?.digest, image.digest);
});
