/** Decides whether other users can replace a file or directory. */
import { lstatIfThere } from "./walk.ts";

const GROUP_WRITE = 0o020;
const WORLD_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Returns the reason why a directory above a file lets another user replace the file; undefined when it
 * does not.
 *
 * Root trusts only root's directories. Other users trust the owners of the directories above theirs. A
 * sticky directory, such as `/tmp`, lets only owners rename its entries.
 */
export function folderObjection(path: string, info: Deno.FileInfo): string | undefined {
  const isRoot = Deno.uid() === 0;
  if (isRoot && info.uid !== 0) return `${path}, above it, belongs to user ${info.uid}`;
  const mode = info.mode ?? 0;
  if ((mode & STICKY) !== 0) return undefined;
  if ((mode & WORLD_WRITE) !== 0) return `every user can write to ${path}`;
  if ((mode & GROUP_WRITE) === 0) return undefined;
  // Some systems put unprivileged services into group 0, so root has no private group.
  if (!isRoot && info.uid === Deno.uid() && isPrivateGroup(info.gid ?? 0)) return undefined;
  return `group ${info.gid} can write to ${path}`;
}

/** Returns the reason why root must not follow a link; undefined when it may. */
export function linkObjection(path: string, info: Deno.FileInfo): string | undefined {
  if (info.uid === 0 || info.uid === Deno.uid()) return undefined;
  return `the link ${path} belongs to user ${info.uid}`;
}

/** Reports whether every user can create files in a directory, and only owners rename them. */
export function isSharedFolder({ mode }: Deno.FileInfo): boolean {
  return ((mode ?? 0) & STICKY) !== 0 && ((mode ?? 0) & (WORLD_WRITE | GROUP_WRITE)) !== 0;
}

/** Returns the owner of a path; undefined when it does not exist or stat(2) fails. */
export function ownerOf(path: string): number | undefined {
  try {
    return lstatIfThere(path)?.uid ?? undefined;
  } catch {
    return undefined;
  }
}

/** Reports whether this user is the only member of a group, as with per-user groups. */
function isPrivateGroup(gid: number): boolean {
  try {
    const users = fieldsOf("/etc/passwd");
    const own = users.find(([, , uid]) => uid === String(Deno.uid()));
    const group = fieldsOf("/etc/group").find(([, , id]) => id === String(gid));
    if (own === undefined || group === undefined) return false;
    const members = (group[3] ?? "").split(",").filter((name) => name !== "");
    return members.every((name) => name === own[0]) &&
      users.every(([name, , , id]) => id !== String(gid) || name === own[0]);
  } catch {
    return false;
  }
}

function fieldsOf(path: string): string[][] {
  return Deno.readTextFileSync(path).split("\n").map((line) => line.split(":"));
}
