/** Place of the store below a home directory, and checks that it can be trusted. */
import { dirname, isAbsolute, join } from "node:path";
import { folderObjection, linkObjection } from "../paths/trust.ts";
import { walk } from "../paths/walk.ts";
import { errnoName, fileError, StoreError } from "./errors.ts";

/** Writable by the group or by all users. */
const SHARED_WRITE = 0o022;

/**
 * Returns the store's directory: `wasm-bpf` below `XDG_DATA_HOME`, or below `.local/share` of the
 * home directory.
 *
 * The home directory is that of the effective user: where `sudo` kept the calling user's `HOME`,
 * root's own is used, since a store that another user can write to would decide what root runs.
 *
 * @throws {StoreError} if no home directory is found
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

/**
 * Checks that no other user can change the content of a directory.
 *
 * @returns false if it does not exist
 * @throws {StoreError} `UNSAFE_STORE` if another user owns it, can write to it, or can replace it
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
 * Makes sure that no other user can put another store in the place of this one: through a folder above
 * it, through a link on the way, or above the place that a link leads to.
 *
 * @throws {StoreError} `UNSAFE_STORE`, or an errno name
 */
export function checkParents(path: string): void {
  const refuse = (reason: string | undefined) => {
    if (reason !== undefined) throw unsafe(path, reason);
  };
  try {
    const end = walk(dirname(path), {
      folder: (at, info) => refuse(folderObjection(at, info)),
      link: (at, info) => refuse(linkObjection(at, info)),
    });
    if (end.info === undefined) return; // A folder that is missing is made for this user alone.
    if (!end.info.isDirectory) throw unsafe(path, `${end.path} is not a folder`);
    refuse(folderObjection(end.path, end.info));
  } catch (cause) {
    throw fileError(`look at the folders above ${path}`, cause);
  }
}

/** Makes the folder with all above it, for this user alone. */
export function makeFolder(path: string): void {
  checkParents(path);
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError(`make the folder ${path}`, cause);
  }
  // In a folder such as /tmp, another user may have been faster.
  checkFolder(path);
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
    hint: "chown it to the user and chmod go-w it, or set XDG_DATA_HOME",
  });
}

/**
 * Returns the home directory of the effective user.
 *
 * Uses `HOME` if it belongs to that user; if it is missing or another user's, passwd(5) decides.
 */
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
    return false;
  }
}

/** The home folder that passwd(5) has for a user. */
export function passwdHome(uid: number): string | undefined {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    const home = lines.find((fields) => fields[2] === String(uid))?.[5];
    return home !== undefined && isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
