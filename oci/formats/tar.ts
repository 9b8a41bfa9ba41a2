/** Reader of untrusted tar archives (POSIX ustar and pax, GNU long names). */
import { ArtifactError, shorten } from "../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { paxRecords, readHeader, type TarHeader } from "./tar_header.ts";

const BLOCK = 512;

/** No module's image has so many; a million empty files are an attack. */
const MAX_ENTRIES = 100_000;
/** Limit for extended headers: a long name, and attributes that are ignored. */
const MAX_EXTENDED_BYTES = 2 ** 20;
const MAX_PATH = 4096;

/** Kind of an entry; `other` for devices and pipes. */
export type TarKind = "file" | "folder" | "link" | "other";

/** One entry of an archive. */
export interface TarEntry {
  /** Relative, without `.` and empty parts: `app/tool.wasm`. */
  readonly path: string;
  /** Kind of the entry. */
  readonly kind: TarKind;
  /** Bytes of a file; 0 for the others. */
  readonly size: number;
  /** A file's bytes; what is not read by the time of the next entry is left out. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Attributes from extended headers for the next entry. */
interface Extended {
  path?: string;
  size?: number;
}

const KINDS: Readonly<Record<string, TarKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "link",
  "3": "other",
  "4": "other",
  "5": "folder",
  "6": "other",
};

/**
 * Returns the entries of an archive, one after another.
 *
 * Refuses sparse files, unknown types and paths with `..`: readers disagree about their meaning.
 *
 * @throws {ArtifactError} `BAD_LAYER`, `CUT_SHORT`, `TOO_LARGE`
 */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<TarEntry> {
  await using reader = new ByteReader(stream, what);
  let extended: Extended = {};
  for (let count = 0;; count++) {
    if (count > MAX_ENTRIES) throw refusal(what, `it has more than ${MAX_ENTRIES} entries`);
    const header = readHeader(await reader.exactly(BLOCK), what);
    if (header === undefined) return;
    if (/[xgLK]/.test(header.type)) {
      const text = await readExtended(reader, header, what);
      extended = { ...extended, ...interpret(header.type, text, what) };
      continue;
    }
    const kind = KINDS[header.type];
    if (kind === undefined) {
      const type = JSON.stringify(header.type);
      throw refusal(what, `${shorten(header.path)} is of type ${type}, which is not supported`);
    }
    yield* oneEntry(reader, { header, kind, extended }, what);
    extended = {};
  }
}

async function* oneEntry(
  reader: ByteReader,
  entry: { header: TarHeader; kind: TarKind; extended: Extended },
  what: string,
): AsyncGenerator<TarEntry> {
  const { header, kind, extended } = entry;
  // Of links and folders some writers give a size, but none has a body.
  const size = kind === "file" ? extended.size ?? header.size : 0;
  let left = size;
  async function* body(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const part = await reader.some(left);
      if (part === undefined) throw reader.cutShort();
      left -= part.length;
      yield part;
    }
  }
  const written = extended.path ?? header.path;
  const isFolder = kind === "folder" || kind === "file" && written.endsWith("/");
  yield {
    path: cleanPath(written, what),
    kind: isFolder ? "folder" : kind,
    size,
    body: body(),
  };
  await reader.skip(left);
  await reader.skip((BLOCK - size % BLOCK) % BLOCK);
}

async function readExtended(
  reader: ByteReader,
  { size }: TarHeader,
  what: string,
): Promise<Uint8Array> {
  if (size > MAX_EXTENDED_BYTES) throw refusal(what, `an extended header has ${size} bytes`);
  const bytes = await reader.must(size);
  await reader.skip((BLOCK - size % BLOCK) % BLOCK);
  return bytes;
}

function interpret(type: string, bytes: Uint8Array, what: string): Extended {
  if (type === "K") return {};
  if (type === "L") return { path: new TextDecoder().decode(bytes).replace(/\0[^]*$/, "") };
  const records = paxRecords(bytes, what);
  if ([...records.keys()].some((key) => key.startsWith("GNU.sparse."))) {
    throw refusal(what, "it has a sparse file, which is not supported");
  }
  const path = records.get("path");
  const size = records.get("size");
  if (type === "g") {
    if (path === undefined && size === undefined) return {};
    throw refusal(what, "a global header gives all its files one name or size");
  }
  if (size !== undefined && !/^\d{1,15}$/.test(size)) {
    throw refusal(what, "invalid size in an extended header");
  }
  return {
    ...(path === undefined ? {} : { path }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}

function cleanPath(path: string, what: string): string {
  if (path.length > MAX_PATH) throw refusal(what, "a path is too long");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refusal(what, `the path ${shorten(path)} leads out of it`);
  return parts.join("/");
}

/** The error about an archive that is not understood. */
function refusal(what: string, reason: string): ArtifactError {
  return new ArtifactError(`Cannot read ${what}: ${reason}`, { code: "BAD_LAYER" });
}
