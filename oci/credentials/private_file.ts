/** Reads and writes files that hold secrets. */
import { dirname } from "node:path";
import { MAX_FILE_BYTES } from "./auth_file.ts";
import { fileFailure } from "../file_failure.ts";
import { CredentialError } from "./errors.ts";

/**
 * The bytes of a file; undefined when there is none.
 *
 * @param owners who may have made it, asked of the open file: a link to somebody else's does not help
 * @throws {CredentialError} with an errno name, `TOO_LARGE` or `EPERM`
 */
export function readPrivateFile(
  path: string,
  owners?: readonly number[],
): Uint8Array<ArrayBuffer> | undefined {
  try {
    // Opening a pipe would wait for somebody to write to it.
    if (!Deno.statSync(path).isFile) throw refusal(path, "EINVAL", "it is no plain file");
    using file = Deno.openSync(path);
    const { size, uid, isFile } = file.statSync();
    if (!isFile) throw refusal(path, "EINVAL", "it is no plain file");
    if (owners !== undefined && !owners.includes(uid ?? -1)) {
      throw refusal(path, "EPERM", "it belongs to somebody else");
    }
    if (size > MAX_FILE_BYTES) {
      throw refusal(path, "TOO_LARGE", `it is larger than ${MAX_FILE_BYTES} bytes`);
    }
    return readUpTo(file, MAX_FILE_BYTES);
  } catch (error) {
    if (error instanceof CredentialError) throw error;
    const { code, reason } = fileFailure(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw refusal(path, code, reason, error);
  }
}

/** No more than `limit`, whatever happens to the file meanwhile. */
function readUpTo(file: Deno.FsFile, limit: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(limit);
  let used = 0;
  for (;;) {
    const count = file.readSync(bytes.subarray(used));
    if (count === null || count === 0) return bytes.slice(0, used);
    used += count;
  }
}

/**
 * Writes a file whole or not at all, for its owner's eyes only. A link is written through; folders that
 * are missing are made.
 *
 * @throws {CredentialError} with an errno name
 */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  try {
    const target = realPath(path);
    const folder = dirname(target);
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = `${folder}/.${crypto.randomUUID()}.tmp`;
    try {
      writeNew(temporary, bytes);
      keepOwner(target, temporary);
      Deno.renameSync(temporary, target);
    } catch (error) {
      removeIfThere(temporary);
      throw error;
    }
  } catch (error) {
    const { code, reason } = fileFailure(error);
    throw new CredentialError(`Cannot write ${path}: ${reason}`, { code, cause: error });
  }
}

function writeNew(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
  file.syncSync();
}

/** Root may write for somebody else, who must be able to read it after. */
function keepOwner(from: string, to: string): void {
  try {
    const { uid, gid } = Deno.statSync(from);
    if (Deno.uid() === 0 && uid !== null && uid !== 0) Deno.chownSync(to, uid, gid);
  } catch (error) {
    if (fileFailure(error).code !== "ENOENT") throw error;
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (fileFailure(error).code !== "ENOENT") throw error;
    return path;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made.
  }
}

function refusal(path: string, code: string, reason: string, cause?: unknown): CredentialError {
  return new CredentialError(`Cannot use the credentials in ${path}: ${reason}`, { code, cause });
}
