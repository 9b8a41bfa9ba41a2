/**
 * Launchers: small shell scripts by which installed tools are commands. A launcher names the tool, and
 * never changes with its version.
 */
import { isAbsolute, join } from "node:path";
import { CatalogError } from "../../oci/mod.ts";
import {
  fileFailure,
  folderObjection,
  linkObjection,
  lstatIfThere,
  placeFile,
  readRegularFile,
  walk,
} from "../../oci/paths/mod.ts";
import { HostError } from "../../ffi/errors.ts";

/** Directory of root's launchers: `sudo` looks there. */
const SYSTEM_FOLDER = "/usr/local/bin";

/** Directories of programs that a launcher must not hide, in addition to those of PATH. */
const PROGRAM_FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

const MAX_BYTES = 16 * 1024;

/** Returns the directory of launchers: root's, or `~/.local/bin`. */
export function launcherFolder(given?: string): string {
  if (given !== undefined) return isAbsolute(given) ? given : join(Deno.cwd(), given);
  if (Deno.uid() === 0) return SYSTEM_FOLDER;
  const home = Deno.env.get("HOME");
  if (home !== undefined && isAbsolute(home)) return join(home, ".local/bin");
  throw new CatalogError("Cannot find a place for launchers: HOME is not set", {
    code: "ENOENT",
    hint: "pass --bin DIR",
  });
}

/** Returns the text of a launcher. */
function launcherText(name: string, binary: string): string {
  return `#!/bin/sh
# Runs the tool ${name}, which wasm-bpf install put here; wasm-bpf uninstall ${name} removes it.
exec '${binary.replaceAll("'", `'\\''`)}' run --installed ${name} "$@"
`;
}

/** Matches the launcher of any tool by any wasm-bpf. */
const LAUNCHER =
  /^#!\/bin\/sh\n# Runs the tool ([a-z0-9-]+), which wasm-bpf install put here; wasm-bpf uninstall \1 removes it\.\nexec '[^\n]*' run --installed \1 "\$@"\n$/;

/** State of a launcher's place. */
export type PlaceState = "free" | "ours" | "taken";

/** Returns whether a path is free, has the launcher of this tool, or is another file. */
export function placeState(path: string, name: string): PlaceState {
  try {
    const info = lstatIfThere(path);
    if (info === undefined) return "free";
    if (!info.isFile) return "taken";
    const { bytes } = readRegularFile(path, { maxBytes: MAX_BYTES });
    const [, found] = LAUNCHER.exec(new TextDecoder().decode(bytes)) ?? [];
    return found === name ? "ours" : "taken";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return "free";
    return "taken";
  }
}

/**
 * Checks that a launcher can be written, before anything is changed.
 *
 * @throws {CatalogError} `LAUNCHER_TAKEN` for a file of another program, `NAME_TAKEN` for a name that
 *   another program has elsewhere, `UNSAFE_PATH` for a binary that another user can replace
 */
export function checkLauncher(path: string, name: string): void {
  if (placeState(path, name) === "taken") {
    throw new CatalogError(`Cannot write the launcher "${path}": another program has this file`, {
      code: "LAUNCHER_TAKEN",
      hint: `install it under another name with --as NAME, or elsewhere with --bin DIR`,
    });
  }
  const hidden = programNamed(name, path);
  if (hidden !== undefined) {
    throw new CatalogError(`Cannot install a tool as "${name}": ${hidden} has this name`, {
      code: "NAME_TAKEN",
      hint: "install it under another name with --as NAME",
    });
  }
  binaryPath();
}

/** Returns another program of a name in the usual directories or in PATH. */
function programNamed(name: string, launcher: string): string | undefined {
  const given = (Deno.env.get("PATH") ?? "").split(":").filter(isAbsolute);
  return [...new Set([...PROGRAM_FOLDERS, ...given])].map((folder) => join(folder, name))
    .find((path) => path !== launcher && placeState(path, name) === "taken" && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/**
 * Returns the path of this program for a launcher.
 *
 * @throws {CatalogError} `UNSAFE_PATH` if root would run what another user can replace
 */
function binaryPath(): string {
  const path = Deno.execPath();
  if (Deno.uid() !== 0) return path;
  const refuse = (reason: string | undefined) => {
    if (reason === undefined) return;
    throw new CatalogError(`Cannot make a launcher for "${path}": ${reason}`, {
      code: "UNSAFE_PATH",
      hint: "install wasm-bpf itself first: install wasm-bpf /usr/local/bin",
    });
  };
  const { info } = walk(path, {
    folder: (at, info) => refuse(folderObjection(at, info)),
    link: (at, info) => refuse(linkObjection(at, info)),
  });
  if (info?.uid !== 0) refuse(`it belongs to user ${info?.uid}`);
  if (((info?.mode ?? 0) & 0o022) !== 0) refuse("other users can write to it");
  return path;
}

/**
 * Writes a launcher, or leaves the one that is there if it is the same.
 *
 * @throws {CatalogError} `LAUNCHER_TAKEN`; {@linkcode HostError} `UNSAFE_PATH` or an errno name
 */
export function writeLauncher(path: string, name: string): void {
  const bytes = new TextEncoder().encode(launcherText(name, binaryPath()));
  try {
    const state = placeState(path, name);
    if (state === "ours" && isSame(path, bytes)) return;
    Deno.mkdirSync(join(path, ".."), { recursive: true, mode: 0o755 });
    placeFile(path, bytes, { mode: 0o755, replaces: state === "ours" });
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    const { code, reason } = fileFailure(cause);
    throw new CatalogError(
      `Cannot write the launcher "${path}": ${
        code === "EEXIST" ? "another program has this file" : reason
      }`,
      {
        code: code === "EEXIST" ? "LAUNCHER_TAKEN" : code,
        hint: "choose another directory with --bin DIR",
        cause,
      },
    );
  }
}

function isSame(path: string, bytes: Uint8Array): boolean {
  const { bytes: found, mode } = readRegularFile(path, { maxBytes: MAX_BYTES });
  return (mode & 0o777) === 0o755 && found.length === bytes.length &&
    found.every((byte, i) => byte === bytes[i]);
}

/**
 * Removes a launcher; a file of another program stays.
 *
 * @returns false if it stays
 * @throws {CatalogError} with an errno name
 */
export function removeLauncher(path: string, name: string): boolean {
  const state = placeState(path, name);
  if (state === "taken") return false;
  if (state === "free") return true;
  try {
    Deno.removeSync(path);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return true;
    const { code, reason } = fileFailure(cause);
    throw new CatalogError(`Cannot remove the launcher "${path}": ${reason}`, { code, cause });
  }
}

/** Reports whether a shell finds commands in a directory. */
export function isInPath(folder: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").includes(folder);
}
