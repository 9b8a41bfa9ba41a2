/** Directories of runs in the background, and whether they can be trusted. */
import { dirname, isAbsolute, join } from "node:path";
import { folderObjection, homeFolder, linkObjection, walk } from "../oci/paths/mod.ts";
import { errnoOf, fileError, RunsError } from "./errors.ts";

/** Directories of one user's runs. */
export interface Places {
  /** Definitions, outcomes and logs; survives a reboot. */
  readonly state: string;
  /** Process numbers; empty after a reboot. */
  readonly runtime: string;
}

/** Writable by the group or by all users. */
const SHARED_WRITE = 0o022;

/**
 * Returns the directories of this user's runs.
 *
 * `XDG_STATE_HOME` and `XDG_RUNTIME_DIR` take precedence; the latter only if it belongs to the user,
 * since `sudo` may keep another user's. The defaults of root are `/var/lib` and `/run`.
 *
 * @throws {RunsError} `UNSAFE_STATE` without a home directory
 */
export function placesOf(env: (name: string) => string | undefined = Deno.env.get): Places {
  const isRoot = Deno.uid() === 0;
  const absolute = (name: string) => {
    const value = env(name);
    // The XDG base directory specification has relative paths ignored.
    return value !== undefined && isAbsolute(value) ? value : undefined;
  };
  const given = absolute("XDG_STATE_HOME");
  const state = given ?? (isRoot ? "/var/lib" : homeState());
  const session = absolute("XDG_RUNTIME_DIR");
  const own = [session, isRoot ? "/run" : `/run/user/${Deno.uid()}`]
    .find((path) => path !== undefined && isOurs(path));
  return {
    state: join(state, "wasm-bpf"),
    runtime: own === undefined ? join(state, "wasm-bpf", "run") : join(own, "wasm-bpf"),
  };
}

function homeState(): string {
  const home = homeFolder();
  if (home !== undefined) return join(home, ".local/state");
  throw new RunsError("Cannot find a place for runs: HOME is not set", {
    code: "UNSAFE_STATE",
    hint: "set HOME, or XDG_STATE_HOME to the directory that is to hold them",
  });
}

function isOurs(path: string): boolean {
  try {
    const { isDirectory, uid } = Deno.statSync(path);
    return isDirectory && uid === Deno.uid();
  } catch {
    return false;
  }
}

/**
 * Checks that no other user can change the content of a directory.
 *
 * @returns false if it does not exist
 * @throws {RunsError} `UNSAFE_STATE` if another user owns it, can write to it, or can replace it
 */
export function checkFolder(path: string): boolean {
  const refuse = (reason: string | undefined) => {
    if (reason !== undefined) throw unsafe(path, reason);
  };
  try {
    const end = walk(dirname(path), {
      folder: (at, info) => refuse(folderObjection(at, info)),
      link: (at, info) => refuse(linkObjection(at, info)),
    });
    if (end.info === undefined) return false;
    if (!end.info.isDirectory) throw unsafe(path, `${end.path} is not a directory`);
    refuse(folderObjection(end.path, end.info));
    const info = Deno.lstatSync(path);
    if (!info.isDirectory) throw unsafe(path, "it is not a directory");
    if (info.uid !== Deno.uid()) throw unsafe(path, `it belongs to user ${info.uid}`);
    if (((info.mode ?? 0) & SHARED_WRITE) !== 0) throw unsafe(path, "others can write to it");
    return true;
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false;
    throw fileError(`look at ${path}`, cause);
  }
}

/** Makes a directory with all above it, for this user alone; see {@linkcode checkFolder}. */
export function makeFolder(path: string): void {
  if (checkFolder(path)) return;
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError(`make the directory ${path}`, cause);
  }
  // In a directory such as /tmp, another user may have been faster.
  if (!checkFolder(path)) throw unsafe(path, "it disappeared");
}

function unsafe(path: string, reason: string): RunsError {
  return new RunsError(`Cannot use the directory ${path} for runs: ${reason}`, {
    code: "UNSAFE_STATE",
    hint: "chown it to the user and chmod go-w it, or set XDG_STATE_HOME",
  });
}
