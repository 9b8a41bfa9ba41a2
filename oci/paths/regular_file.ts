/** Reads small files with bounds on size and type. */
import { readAll } from "../../ffi/bytes.ts";
import { OpenFile } from "./open_file.ts";

/** Content of a file, and its owner and mode from the descriptor. */
export interface RegularFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** File that is too large or not a regular file. Code: `TOO_LARGE`, `EISDIR` or `EINVAL`. */
export class IrregularFile extends Error {
  override name = "IrregularFile";
  /** Stable code. */
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Options of {@linkcode readRegularFile}. */
export interface RegularFileOptions {
  /** Maximum size; larger files are refused. */
  readonly maxBytes: number;
  /** Called with fstat(2) before the file is read; may throw. */
  admit?(info: { uid: number; gid: number; mode: number }): void;
}

/**
 * Reads a regular file. Directories, devices, sockets and pipes are refused without blocking, and the
 * limit also bounds a file that grows during the read.
 *
 * @throws {IrregularFile}; Deno's and Node's errors, with an errno as `code`
 */
export function readRegularFile(path: string, options: RegularFileOptions): RegularFile {
  const { maxBytes } = options;
  using file = OpenFile.read(path);
  const info = file.stat();
  if (info.isDirectory()) throw new IrregularFile("EISDIR", "is a directory");
  if (!info.isFile()) throw new IrregularFile("EINVAL", "not a regular file");
  const { uid, gid, mode, size } = info;
  options.admit?.({ uid, gid, mode });
  const tooLarge = () => new IrregularFile("TOO_LARGE", `larger than ${maxBytes} bytes`);
  // Files of the kernel have size 0 in spite of their content.
  const source = { readSync: (bytes: Uint8Array<ArrayBuffer>) => file.read(bytes) };
  const bytes = readAll(source, { expected: size, maxBytes, tooLarge });
  return { bytes: bytes.slice(), uid, gid, mode };
}
