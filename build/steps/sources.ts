import { createHash } from "node:crypto";
import { join } from "node:path";
import { PrivateApt } from "./apt.ts";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import pinned from "../../third_party/sources.json" with { type: "json" };
import { copyFile, fileState } from "../lib/step.ts";

/** An upstream library that is linked into the shim. */
export type Library = keyof typeof pinned;

/** One pinned release of a library. */
export interface Source {
  readonly version: string;
  /** Name of the tarball. */
  readonly file: string;
  readonly sha256: string;
  /** The Debian suite whose source packages have it. */
  readonly suite: string;
}

const FOLDER = ".cache/sources";

/** Returns the pinned releases of a library: the preferred one, then its substitutes. */
export function sourcesOf(library: Library): readonly Source[] {
  return pinned[library];
}

/**
 * Unpacks a library's source into a new folder and returns its release.
 *
 * The tarball comes from the folder that `WASM_BPF_SOURCES` names, from an earlier download, or
 * from Debian's source packages; its checksum is always verified.
 *
 * @throws {BuildError} if no source has it
 */
export async function unpackSource(library: Library, into: string): Promise<Source> {
  const { source, path } = await findTarball(library);
  if (fileState(into) !== undefined) await Deno.remove(into, { recursive: true });
  await Deno.mkdir(into, { recursive: true });
  await run("tar", ["-xf", path, "-C", into, "--strip-components=1", "--no-same-owner"]);
  return source;
}

interface Tarball {
  readonly source: Source;
  readonly path: string;
}

async function findTarball(library: Library): Promise<Tarball> {
  const sources = sourcesOf(library);
  const folder = Deno.env.get("WASM_BPF_SOURCES");
  for (const source of folder === undefined ? [] : sources) {
    const path = join(folder ?? "", source.file);
    if (fileState(path) === undefined) continue;
    verify(path, source);
    return { source, path };
  }
  try {
    for (const source of sources) {
      const path = join(FOLDER, source.file);
      const found = fileState(path) !== undefined && isIntact(path, source);
      if (found || await download(library, source, path)) return { source, path };
    }
    throw new BuildError("No Debian suite has it any more");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(`Cannot get the source of ${library}\n${reason}`, {
      cause,
      hint: "put this file into a folder, name the folder in WASM_BPF_SOURCES, and try again:\n" +
        sources.slice(0, 1).map((it) => `      ${it.file}  sha256 ${it.sha256}`).join("\n"),
    });
  }
}

/** Downloads a tarball by apt; false when no suite has it, which is when a stand-in may be taken. */
async function download(library: Library, source: Source, path: string): Promise<boolean> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const temporary = await Deno.makeTempDir({ dir: FOLDER });
  try {
    const apt = await openApt();
    if (!await apt.downloadSource(library, source.sha256, temporary)) return false;
    verify(join(temporary, source.file), source);
    copyFile(join(temporary, source.file), path);
    return true;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

let opened: Promise<PrivateApt> | undefined;

function openApt(): Promise<PrivateApt> {
  const suites = new Set(Object.values(pinned).flat().map((source) => source.suite));
  return opened ??= PrivateApt.open("deb-src", [...suites]);
}

function verify(path: string, source: Source): void {
  if (isIntact(path, source)) return;
  throw new BuildError(`Cannot use ${path}: its SHA-256 is not ${source.sha256}`);
}

function isIntact(path: string, source: Source): boolean {
  return createHash("sha256").update(Deno.readFileSync(path)).digest("hex") === source.sha256;
}
