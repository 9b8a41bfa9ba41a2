/** Errors of the local store. */
import { HostError, type HostErrorOptions } from "../../ffi/errors.ts";

/**
 * The store cannot be used, or does not hold what it should. Codes: an errno name such as `ENOSPC`,
 * `UNSAFE_STORE`, `CORRUPT_STORE`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `NOT_IN_STORE`, `TOO_LARGE`.
 */
export class StoreError extends HostError {
  /** The class's name. */
  override name = "StoreError";
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "free some space, wasm-bpf prune removes what no tag names; nothing was changed",
  EDQUOT: "the quota is used up; nothing was changed",
  EROFS: "the file system is read-only; XDG_DATA_HOME chooses another place for the store",
  EACCES: "check who owns the store and its folders; XDG_DATA_HOME chooses another place",
  EPERM: "check who owns the store and its folders; XDG_DATA_HOME chooses another place",
};

/** The errno name of what Deno threw, or `EIO`. */
export function errnoName(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "EIO";
}

/** An operation on a file of the store failed; what Deno threw becomes the cause. */
export function fileError(action: string, cause: unknown): Error {
  if (cause instanceof HostError) return cause;
  const code = errnoName(cause);
  // Deno adds the system call and the path, which `action` names.
  const reason = cause instanceof Error ? cause.message.replace(/: \w+ '[^]*$/, "") : String(cause);
  const options: HostErrorOptions = { code, hint: HINTS[code], cause };
  return new StoreError(`Cannot ${action}: ${reason}`, options);
}
