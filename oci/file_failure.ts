/** Why a file cannot be used, in words. */

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ELOOP: "its links lead in a circle",
};

/** The name of the errno behind what Deno threw, and words for it. */
export function fileFailure(thrown: unknown): { code: string; reason: string } {
  if (thrown instanceof Deno.errors.NotCapable) {
    return { code: "EACCES", reason: "devices and files of the kernel cannot be opened" };
  }
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "EIO";
  return { code, reason: REASONS[code] ?? code };
}
