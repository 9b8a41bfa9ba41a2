/**
 * Image for container engines: an OCI layout with the binary, the libraries that it needs, and a bill
 * of materials. The same binary and libraries give the same bytes.
 *
 * Follows the OCI image specification 1.1.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import config from "../../deno.json" with { type: "json" };
import { BuildError } from "../lib/errors.ts";
import { print } from "../lib/output.ts";
import { run } from "../lib/process.ts";
import { billOfMaterials } from "../steps/sbom.ts";
import { BINARY } from "./compile.ts";

/** Folder of the layout. */
export const IMAGE = "dist/image";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SPDX = "application/spdx+json";
const BILL_PATH = "usr/share/doc/wasm-bpf/sbom.spdx.json";

/** Entry of a layer; a folder without bytes. */
interface Entry {
  readonly path: string;
  readonly bytes?: Uint8Array;
  readonly mode?: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Names of users and groups, which columns show; without a password and a shell. */
const PASSWD = "root:x:0:0:root:/:/nologin\nnobody:x:65534:65534:nobody:/:/nologin\n";
const GROUP = "root:x:0:\nnogroup:x:65534:\n";

/** Folders that engines mount over, and that runs keep their state in. */
const FOLDERS = ["dev", "etc/wasm-bpf", "proc", "run", "sys", "usr/bin", "var/lib/wasm-bpf"];

/** Writes the layout; returns the exit code. */
export async function writeImage(): Promise<number> {
  const createdS = await creationTime();
  const binary = await Deno.readFile(BINARY);
  const libraries = await librariesOf(BINARY);
  const bill = new TextEncoder().encode(
    await billOfMaterials({ createdS, binary: sha256(binary), libraries }),
  );
  const temporary = `${IMAGE}.${Deno.pid}`;
  await Deno.mkdir(`${temporary}/blobs/sha256`, { recursive: true });
  try {
    const layout = new Layout(temporary);
    // The libraries change with Debian, the binary with each build.
    const layers = [
      await layout.layer([...base(), ...await readLibraries(libraries)]),
      await layout.layer([
        { path: "usr/bin/wasm-bpf", bytes: binary, mode: 0o755 },
        { path: BILL_PATH, bytes: bill },
      ]),
    ];
    await layout.finish(layers, { createdS, bill });
    await Deno.remove(IMAGE, { recursive: true }).catch(() => {});
    await Deno.rename(temporary, IMAGE);
    print(`${IMAGE}: wasm-bpf ${config.version}, ${layout.megabytes} MB`);
    print(`load it: skopeo copy oci:${IMAGE}:${config.version} containers-storage:wasm-bpf`);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true });
    throw error;
  }
  return 0;
}

/** Returns SOURCE_DATE_EPOCH, or the time of the last commit, in seconds since 1970. */
async function creationTime(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given === undefined) return Number(await run("git", ["log", "-1", "--format=%ct"]));
  if (/^\d{1,11}$/.test(given)) return Number(given);
  throw new BuildError(`Cannot use SOURCE_DATE_EPOCH="${given}": not seconds since 1970`);
}

/** Library: its path in the image, which the binary names, and on this machine. */
interface Library {
  readonly name: string;
  readonly path: string;
}

/** Returns the libraries that the loader takes for a program, and the loader. */
async function librariesOf(program: string): Promise<Library[]> {
  const found: Library[] = [];
  for (const line of (await run("ldd", [program])).split("\n")) {
    const [, name] = /(?:=> )?(\/\S+) \(0x/.exec(line) ?? [];
    if (name !== undefined) found.push({ name, path: await Deno.realPath(name) });
    else if (line.includes("not found")) throw new BuildError(`Cannot pack the image:${line}`);
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function readLibraries(libraries: readonly Library[]): Promise<Entry[]> {
  return await Promise.all(libraries.map(async ({ name, path }) => ({
    path: name.slice(1),
    bytes: await Deno.readFile(path),
    mode: 0o755,
  })));
}

function base(): Entry[] {
  const encoder = new TextEncoder();
  return [
    ...FOLDERS.map((path) => ({ path })),
    { path: "tmp", mode: 0o1777 },
    { path: "etc/passwd", bytes: encoder.encode(PASSWD) },
    { path: "etc/group", bytes: encoder.encode(GROUP) },
    { path: "etc/nsswitch.conf", bytes: encoder.encode("hosts: files dns\n") },
  ];
}

/** Returns a tar archive: entries in order of their paths, each folder before what is in it. */
async function archive(entries: readonly Entry[]): Promise<Uint8Array> {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    const parts = entry.path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (!all.has(path)) all.set(path, { path });
    }
    all.set(entry.path, entry);
  }
  const sorted = [...all].sort(([a], [b]) => a < b ? -1 : 1);
  return await packTar(sorted.map(([name, { bytes, mode }]): TarEntry => {
    const common = { name, mtime: new Date(0), uid: 0, gid: 0, size: bytes?.length ?? 0 };
    if (bytes === undefined) {
      return { header: { ...common, type: "directory", mode: mode ?? 0o755 } };
    }
    return { header: { ...common, type: "file", mode: mode ?? 0o644 }, body: bytes };
  }));
}

/** Blobs and index of a layout. */
class Layout {
  readonly #folder: string;
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Size of the blobs. */
  get megabytes(): number {
    return Math.round(this.#bytes / 1e6);
  }

  async #blob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const hex = sha256(bytes);
    await Deno.writeFile(`${this.#folder}/blobs/sha256/${hex}`, bytes);
    this.#bytes += bytes.length;
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  async #json(mediaType: string, value: object): Promise<Descriptor> {
    return await this.#blob(mediaType, new TextEncoder().encode(JSON.stringify(value)));
  }

  /** Adds a layer. */
  async layer(entries: readonly Entry[]): Promise<Descriptor & { readonly diffId: string }> {
    const tar = await archive(entries);
    const type = "application/vnd.oci.image.layer.v1.tar+gzip";
    // Without a name and a time in its header.
    const blob = await this.#blob(type, gzipSync(tar, { level: 6 }));
    return { ...blob, diffId: `sha256:${sha256(tar)}` };
  }

  /** Writes the configuration, the manifests and the index. */
  async finish(
    layers: readonly (Descriptor & { readonly diffId: string })[],
    { createdS, bill }: { createdS: number; bill: Uint8Array },
  ): Promise<void> {
    const created = new Date(createdS * 1000).toISOString();
    const annotations = {
      "org.opencontainers.image.created": created,
      "org.opencontainers.image.licenses": config.license,
      "org.opencontainers.image.title": "wasm-bpf",
      "org.opencontainers.image.version": config.version,
    };
    const image = await this.#json(MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: await this.#json("application/vnd.oci.image.config.v1+json", {
        created,
        architecture: Deno.build.arch === "x86_64" ? "amd64" : "arm64",
        os: "linux",
        config: {
          Entrypoint: ["/usr/bin/wasm-bpf"],
          Env: ["PATH=/usr/bin", "NO_COLOR=1"],
          WorkingDir: "/",
          Labels: annotations,
        },
        rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
        history: ["libraries", "wasm-bpf"].map((comment) => ({ created, comment })),
      }),
      layers: layers.map(({ diffId: _, ...descriptor }) => descriptor),
      annotations,
    });
    const empty = await this.#json("application/vnd.oci.empty.v1+json", {});
    const referrer = await this.#json(MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType: SPDX,
      config: empty,
      layers: [{
        ...await this.#blob(SPDX, bill),
        annotations: { "org.opencontainers.image.title": basename(BILL_PATH) },
      }],
      subject: image,
      annotations: { "org.opencontainers.image.created": created },
    });
    const named = { "org.opencontainers.image.ref.name": config.version };
    await this.#write("index.json", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ ...image, annotations: named }, { ...referrer, artifactType: SPDX }],
    });
    await this.#write("oci-layout", { imageLayoutVersion: "1.0.0" });
  }

  async #write(name: string, value: object): Promise<void> {
    await Deno.writeTextFile(`${this.#folder}/${name}`, JSON.stringify(value));
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
