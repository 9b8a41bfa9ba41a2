/** Resolves a path as the kernel does, link by link, and reports each step. */
import { dirname, isAbsolute, join } from "node:path";

/** Maximum number of links, as in path_resolution(7). */
const MAX_LINKS = 40;

/** Process directory of /proc, whose links lead to open files rather than to their text. */
const IN_PROCESS_FOLDER = /^\/proc\/\d+\//;

/** Callbacks of {@linkcode walk}; each may throw to end it. */
export interface Visitor {
  /** Called with each directory of the path, `/` first. */
  folder?(path: string, info: Deno.FileInfo): void;
  /** Called with each link before it is followed, and with the directory that holds it. */
  link?(path: string, info: Deno.FileInfo, holder: Deno.FileInfo): void;
}

/** Result of a walk. */
export interface Destination {
  /** Path without links; a link only where `isMagic`. */
  readonly path: string;
  /** lstat(2) of the path; undefined when it does not exist. */
  readonly info: Deno.FileInfo | undefined;
  /** Directory that holds it; undefined when that does not exist either. */
  readonly folder: Deno.FileInfo | undefined;
  /** True for a link of `/proc/PID`, which is not followed: its text is not its target. */
  readonly isMagic: boolean;
}

/**
 * Resolves a path, including its last part.
 *
 * @throws what Deno throws, with an errno name as `code`: `ELOOP`, `ENOTDIR`, `EACCES`
 */
export function walk(path: string, visitor: Visitor = {}): Destination {
  let links = 0;
  let at = "/";
  let folder = Deno.lstatSync(at);
  visitor.folder?.(at, folder);
  // resolve() and Deno's own calls would remove "link/.." before they read links.
  const left = partsOf(isAbsolute(path) ? path : `${Deno.cwd()}/${path}`);
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const next = name === ".." ? dirname(at) : join(at, name);
    const info = lstatIfThere(next);
    if (info === undefined) {
      const isFolderThere = left.length === 0;
      const missing = join(next, ...left);
      return {
        path: missing,
        info,
        folder: isFolderThere ? folder : undefined,
        isMagic: false,
      };
    }
    if (info.isSymlink) {
      if (IN_PROCESS_FOLDER.test(next)) {
        return { path: join(next, ...left), info, folder, isMagic: true };
      }
      if (++links > MAX_LINKS) {
        throw failure("ELOOP", `too many levels of symbolic links at ${next}`);
      }
      visitor.link?.(next, info, folder);
      const target = Deno.readLinkSync(next);
      if (isAbsolute(target)) {
        at = "/";
        folder = Deno.lstatSync(at);
      }
      left.unshift(...partsOf(target));
    } else if (left.length === 0) {
      return { path: next, info, folder, isMagic: false };
    } else if (!info.isDirectory) {
      throw failure("ENOTDIR", `${next} is not a directory`);
    } else {
      at = next;
      folder = info;
      visitor.folder?.(at, folder);
    }
  }
  return { path: at, info: folder, folder, isMagic: false };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Returns lstat(2) of a path; undefined when it does not exist. */
export function lstatIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
