/** Errors of runs that outlive a terminal. */
import { HostError } from "../ffi/errors.ts";

/**
 * Failure of a run in the background or of its files. Codes: `BAD_NAME`, `NAME_TAKEN`, `NO_RUN`,
 * `STILL_RUNNING`, `UNSAFE_STATE`, `BAD_STATE`, `BUSY`, `NOT_STARTED`, `BAD_FILE`, or an errno name.
 */
export class RunsError extends HostError {
  /** The class's name. */
  override name = "RunsError";
}

/** Returns the errno name of a failed file operation; `EIO` if it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "EIO";
}

/** Returns the error for a failed file operation. */
export function fileError(action: string, cause: unknown): RunsError {
  if (cause instanceof RunsError) return cause;
  const code = errnoOf(cause);
  const reason = cause instanceof Error ? cause.message.replace(/: \w+ '[^]*$/, "") : String(cause);
  return new RunsError(`Cannot ${action}: ${reason}`, {
    code,
    hint: code === "ENOSPC" || code === "EDQUOT" ? "free some space" : undefined,
    cause,
  });
}
