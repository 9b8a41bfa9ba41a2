/** Reads and writes files that hold secrets. */
import { dirname } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { fileFailure } from "../errors.ts";
import { IrregularFile, readRegularFile, type RegularFile } from "../paths/regular_file.ts";
import { Replacement, resolveForWriting } from "../paths/replacement.ts";
import { MAX_FILE_BYTES } from "./auth_file.ts";
import { CredentialError } from "./errors.ts";

/**
 * Reads a file; undefined when it does not exist.
 *
 * @param owners users who may own the file, compared with the open file, after links
 * @throws {CredentialError} with an errno name, `TOO_LARGE` or `EPERM`
 */
export function readPrivateFile(path: string, owners?: readonly number[]): RegularFile | undefined {
  try {
    return readRegularFile(path, {
      maxBytes: MAX_FILE_BYTES,
      admit({ uid }) {
        if (owners === undefined || owners.includes(uid)) return;
        throw refusal(path, "EPERM", `it belongs to user ${uid}`);
      },
    });
  } catch (error) {
    if (error instanceof CredentialError) throw error;
    if (error instanceof IrregularFile) throw refusal(path, error.code, error.message, error);
    const { code, reason } = fileFailure(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw refusal(path, code, reason, error);
  }
}

/**
 * Writes a file atomically, readable by its owner only. Links are followed; missing directories are
 * created.
 *
 * @throws {CredentialError} with an errno name, or `UNSAFE_PATH` when another user could replace the
 *   file while root writes it
 */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  try {
    let destination = resolveForWriting(path);
    if (destination.folder === undefined) {
      Deno.mkdirSync(dirname(destination.path), { recursive: true, mode: 0o700 });
      // In a directory such as /tmp, another user may have been faster.
      destination = resolveForWriting(path);
    }
    const { info, isMagic } = destination;
    if (isMagic || (info !== undefined && !info.isFile)) {
      throw new IrregularFile("EINVAL", "not a regular file");
    }
    using file = new Replacement(destination, { mode: 0o600, keepMode: false });
    file.write(bytes);
    file.finish();
  } catch (error) {
    if (error instanceof HostError) {
      throw new CredentialError(error.message, { code: error.code, hint: HINT, cause: error });
    }
    const { code, reason } = error instanceof IrregularFile
      ? { code: error.code, reason: error.message }
      : fileFailure(error);
    throw new CredentialError(`Cannot write "${path}": ${reason}`, { code, cause: error });
  }
}

const HINT = "set DOCKER_CONFIG to a directory of root, or log in without sudo";

function refusal(path: string, code: string, reason: string, cause?: unknown): CredentialError {
  return new CredentialError(`Cannot use the credentials in "${path}": ${reason}`, { code, cause });
}
