/** Where the store is, and whether that place can be trusted. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { errnoName, fileError, StoreError } from "./errors.ts";

/** Writable by the group or by everybody. */
const SHARED_WRITE = 0o022;
const WORLD_WRITE = 0o002;
const STICKY = 0o1000;
/** path_resolution(7): the kernel follows no more. */
const MAX_LINKS = 40;

/**
 * The store's folder: `wasm-bpf` below `XDG_DATA_HOME`, or below `.local/share` of the home folder.
 *
 * It belongs to the user as whom wasm-bpf runs: where `sudo` kept the calling user's `HOME`, root's own
 * home folder is taken, since a store that somebody else can write to decides what root runs.
 *
 * @throws {StoreError} when there is no home folder
 */
export function storePath(): string {
  const data = Deno.env.get("XDG_DATA_HOME");
  // The XDG base directory specification has relative paths ignored.
  if (data !== undefined && isAbsolute(data)) return join(data, "wasm-bpf");
  const home = homeFolder();
  if (home !== undefined) return join(home, ".local/share/wasm-bpf");
  throw new StoreError("Cannot find a place for the store: HOME is not set", {
    code: "UNSAFE_STORE",
    hint: "set HOME, or XDG_DATA_HOME to the folder that is to hold it",
  });
}

/** The home folder of the user as whom wasm-bpf runs, who need not be the one of `HOME`. */
export function homeFolder(): string | undefined {
  const home = Deno.env.get("HOME");
  if (home !== undefined && isAbsolute(home) && isOurs(home)) return home;
  const own = passwdHome(Deno.uid() ?? 0);
  if (own !== undefined) return own;
  return home !== undefined && isAbsolute(home) ? home : undefined;
}

function isOurs(path: string): boolean {
  try {
    return Deno.statSync(path).uid === Deno.uid();
  } catch {
    return true;
  }
}

/** The home folder that passwd(5) has for a user. */
function passwdHome(uid: number): string | undefined {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    const home = lines.find((fields) => fields[2] === String(uid))?.[5];
    return home !== undefined && isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that nobody else can decide what is in a folder.
 *
 * @returns false when it is not there
 * @throws {StoreError} `UNSAFE_STORE` when it is another's, or others can write to it or put another in
 *   its place
 */
export function checkFolder(path: string): boolean {
  const found = lstat(path);
  if (found === undefined) return false;
  if (found.isSymlink) throw unsafe(path, "it is a symbolic link");
  if (!found.isDirectory) throw unsafe(path, "it is not a folder");
  if (found.uid !== Deno.uid()) throw unsafe(path, `it belongs to user ${found.uid}`);
  if (((found.mode ?? 0) & SHARED_WRITE) !== 0) throw unsafe(path, "others can write to it");
  checkParents(path);
  return true;
}

/**
 * Who can write to a folder above can put another store in the place of this one. That is each folder
 * that the kernel comes through: where a symbolic link is on the way, the one that it stands in, and
 * those above the place that it leads to.
 */
export function checkParents(path: string): void {
  let at = "/";
  let links = 0;
  let left = partsOf(dirname(resolve(path)));
  checkParent(path, { parent: at, found: lstat(at) });
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const next = name === ".." ? dirname(at) : join(at, name);
    const found = lstat(next);
    // What is not there is made for us alone.
    if (found === undefined) return;
    if (!found.isSymlink) {
      at = next;
      checkParent(path, { parent: at, found });
      continue;
    }
    if (++links > MAX_LINKS) throw unsafe(path, `the links of ${next} lead in a circle`);
    if (found.uid !== 0 && found.uid !== Deno.uid()) {
      throw unsafe(path, `the link ${next}, above it, belongs to user ${found.uid}`);
    }
    const target = Deno.readLinkSync(next);
    if (isAbsolute(target)) at = "/";
    left = [...partsOf(target), ...left];
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function checkParent(
  path: string,
  { parent, found }: { parent: string; found: Deno.FileInfo | undefined },
): void {
  const mode = found?.mode ?? 0;
  if ((mode & WORLD_WRITE) !== 0 && (mode & STICKY) === 0) {
    throw unsafe(path, `everybody can write to ${parent}`);
  }
  // For anyone but root it is the system that decides whose the folders above are.
  if (Deno.uid() === 0 && found !== undefined && found.uid !== 0) {
    throw unsafe(path, `${parent}, above it, belongs to user ${found.uid}`);
  }
}

/** Makes the folder with all above it, for us alone. */
export function makeFolder(path: string): void {
  checkParents(path);
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError(`make the folder ${path}`, cause);
  }
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (cause) {
    if (errnoName(cause) === "ENOENT") return undefined;
    throw fileError(`look at ${path}`, cause);
  }
}

function unsafe(path: string, reason: string): StoreError {
  return new StoreError(`Cannot use the store ${path}: ${reason}`, {
    code: "UNSAFE_STORE",
    hint:
      "whoever can write there decides what runs; chown and chmod go-w it, or set XDG_DATA_HOME",
  });
}
