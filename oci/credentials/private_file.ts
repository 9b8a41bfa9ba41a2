/** Reads and writes files that hold secrets. */
import { dirname } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { fileFailure } from "../file_failure.ts";
import { IrregularFile, readRegularFile, type RegularFile } from "../paths/regular_file.ts";
import { Replacement, resolveForWriting } from "../paths/replacement.ts";
import { MAX_FILE_BYTES } from "./auth_file.ts";
import { CredentialError } from "./errors.ts";

/**
 * Reads a file; undefined when there is none.
 *
 * @param owners users whose file it may be, compared with the open file: a link to another user's does
 *   not help
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
 * Writes a file whole or not at all, readable by its owner only. A link is written through; folders that
 * are missing are made.
 *
 * @throws {CredentialError} with an errno name, or `UNSAFE_PATH` where another user could exchange the
 *   file while root writes it
 */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  try {
    let destination = resolveForWriting(path);
    if (destination.folder === undefined) {
      Deno.mkdirSync(dirname(destination.path), { recursive: true, mode: 0o700 });
      // In a folder such as /tmp, another user may have been faster.
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

const HINT = "set DOCKER_CONFIG to a folder of root's, or log in without sudo";

function refusal(path: string, code: string, reason: string, cause?: unknown): CredentialError {
  return new CredentialError(`Cannot use the credentials in ${path}: ${reason}`, { code, cause });
}
