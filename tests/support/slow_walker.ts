/**
 * Resolves a path beneath a folder by hand: one component at a time, symbolic links expanded,
 * looking only at the next name. Slow, and correct as long as the tree does not change.
 */
import { dirname } from "node:path";
import type { ErrnoName } from "../../ffi/mod.ts";

/** Where a path leads, or why nowhere: "OUTSIDE" of the folder, or an error of Linux's. */
export type Walked = { readonly path: string } | { readonly error: "OUTSIDE" | ErrnoName };

/** Linux follows so many symbolic links in one path (`MAXSYMLINKS`). */
const MAX_LINKS = 40;
/** Bytes of a path that Linux takes, its NUL not among them. */
const MAX_PATH = 4095;

/** Returns the file at a path of the host, which has no links in it except perhaps the last name. */
function look(path: string): Deno.FileInfo | ErrnoName {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    return (error as { code: ErrnoName }).code;
  }
}

/**
 * @param root a folder's path without symbolic links
 * @param follow whether a link at the very end is followed
 */
export function walk(root: string, path: string, follow: boolean): Walked {
  if (path === "") return { error: "ENOENT" };
  if (path.length > MAX_PATH) return { error: "ENAMETOOLONG" };
  let links = 0;
  let at = root;
  let left = path;
  while (left !== "") {
    if (left.startsWith("/")) return { error: "OUTSIDE" };
    const name = left.replace(/\/.*$/s, "");
    const behind = left.slice(name.length);
    const mustBeFolder = behind !== "";
    left = behind.replace(/^\/+/, "");
    if (name === ".") continue;
    if (name === "..") {
      if (at === root) return { error: "OUTSIDE" };
      at = dirname(at);
      continue;
    }
    const next = `${at}/${name}`;
    const found = look(next);
    if (typeof found === "string") return { error: found };
    if (found.isSymlink && (follow || mustBeFolder)) {
      links++;
      if (links > MAX_LINKS) return { error: "ELOOP" };
      // A slash after the link applies to its target.
      left = Deno.readLinkSync(next) + behind;
      continue;
    }
    if (mustBeFolder && !found.isDirectory) return { error: "ENOTDIR" };
    at = next;
  }
  return { path: at };
}

/** Where a new name would be made: the folder that holds it, and the name. */
export function walkToNew(
  root: string,
  path: string,
): { readonly path: string } | { readonly error: "OUTSIDE" | ErrnoName } {
  if (path === "") return { error: "ENOENT" };
  if (path.length > MAX_PATH) return { error: "ENAMETOOLONG" };
  const bare = path.replace(/\/+$/, "");
  if (bare === "") return { error: "OUTSIDE" };
  const cut = bare.lastIndexOf("/");
  const name = bare.slice(cut + 1);
  // All of it is resolved as a folder, a slash before the name included.
  const parent = walk(root, cut < 0 ? "." : `${bare.slice(0, cut)}/`, true);
  if ("error" in parent) return parent;
  if (name === "." || name === "..") return { error: "EEXIST" };
  const found = look(`${parent.path}/${name}`);
  if (found === "ENOENT") return { path: `${parent.path}/${name}` };
  return { error: typeof found === "string" ? found : "EEXIST" };
}
