/** Reasons why a file cannot be used, by errno. */

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "is a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ELOOP: "too many levels of symbolic links",
};

/** Returns the errno name and the reason of an exception that Deno threw. */
export function fileFailure(thrown: unknown): { code: string; reason: string } {
  if (thrown instanceof Deno.errors.NotCapable) {
    return { code: "EACCES", reason: "devices and kernel files cannot be opened" };
  }
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "EIO";
  return { code, reason: REASONS[code] ?? code };
}
