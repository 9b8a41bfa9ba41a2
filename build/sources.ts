import { createHash } from "node:crypto";
import { join } from "node:path";
import { PrivateApt } from "./apt.ts";
import { BuildError } from "./errors.ts";
import { run } from "./process.ts";
import pinned from "./sources.json" with { type: "json" };
import { copyFile, fileState } from "./step.ts";

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

/** The pinned releases of a library: the one to use, and then what may stand in for it. */
export function sourcesOf(library: Library): readonly Source[] {
  return pinned[library];
}

/**
 * Unpacks a library's source into a new folder and says which release it is.
 *
 * The tarball comes from the folder that `WASM_BPF_SOURCES` names, from an earlier download, or from
 * Debian's source packages; its checksum is verified wherever it came from.
 *
 * @throws {BuildError} when none has it
 */
export async function unpackSource(library: Library, into: string): Promise<Source> {
  const { source, path } = await findTarball(library);
  if (fileState(into) !== undefined) await Deno.remove(into, { recursive: true });
  await Deno.mkdir(into, { recursive: true });
  await run("tar", ["-xf", path, "-C", into, "--strip-components=1", "--no-same-owner"]);
  return source;
}

async function findTarball(library: Library): Promise<{ source: Source; path: string }> {
  const sources = sourcesOf(library);
  for (const source of sources) {
    for (const folder of [Deno.env.get("WASM_BPF_SOURCES"), FOLDER]) {
      const path = folder === undefined ? undefined : join(folder, source.file);
      if (path === undefined || fileState(path) === undefined) continue;
      if (folder !== FOLDER) verify(path, source);
      else if (!isIntact(path, source)) continue;
      return { source, path };
    }
  }
  return await download(library);
}

async function download(library: Library): Promise<{ source: Source; path: string }> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const sources = sourcesOf(library);
  const temporary = await Deno.makeTempDir({ dir: FOLDER });
  try {
    const apt = await openApt();
    for (const source of sources) {
      if (!await apt.downloadSource(library, source.sha256, temporary)) continue;
      verify(join(temporary, source.file), source);
      const path = join(FOLDER, source.file);
      copyFile(join(temporary, source.file), path);
      return { source, path };
    }
    throw new BuildError("Cannot find it in Debian's source packages");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(`Cannot get the source of ${library}\n${reason}`, {
      cause,
      hint: "put this file into a folder, name the folder in WASM_BPF_SOURCES, and try again:\n" +
        sources.slice(0, 1).map((it) => `      ${it.file}  sha256 ${it.sha256}`).join("\n"),
    });
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
