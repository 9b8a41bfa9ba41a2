/** Locations of credential files, and their owners. */
import { folderObjection, linkObjection } from "../paths/trust.ts";
import { walk } from "../paths/walk.ts";
import { readPrivateFile } from "./private_file.ts";

/** Possible credential file. */
export interface Location {
  readonly path: string;
  /** Caller of sudo, if any: the file must belong to that user or root, and helpers run as that user. */
  readonly owner: Caller | undefined;
  /** True if the file uses docker's key for Docker Hub. */
  readonly isDockers: boolean;
}

/** User who called sudo. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
}

/** Inputs of the lookup of locations. */
export interface Surroundings {
  /** Returns an environment variable; undefined when unset or empty. */
  readonly env: (name: string) => string | undefined;
  /** User of this process. */
  readonly uid: number;
  /** Returns lines of passwd(5), including that of a user if it exists. */
  readonly passwd: (uid: number) => string;
}

/** Returns those of this process. */
export function surroundings(): Surroundings {
  return {
    env: (name) => Deno.env.get(name) || undefined,
    uid: Deno.uid() ?? 0,
    passwd,
  };
}

/** Reads /etc/passwd, and other sources such as LDAP for a user who is not in it. */
function passwd(uid: number): string {
  let text = "";
  try {
    text = Deno.readTextFileSync("/etc/passwd");
  } catch {
    // Other sources may have the user.
  }
  return entryOf(text, uid) === undefined ? text + askForEntry(uid) : text;
}

function askForEntry(uid: number): string {
  try {
    const args = ["passwd", String(uid)];
    const { stdout } = new Deno.Command("getent", { args, stderr: "null" }).outputSync();
    return `\n${new TextDecoder().decode(stdout)}`;
  } catch {
    return "";
  }
}

/**
 * Returns the files to read, in order: those named by the environment, docker's, podman's; under sudo
 * those of the caller first.
 */
export function locations(around: Surroundings): Location[] {
  const { env, uid } = around;
  const named = env("REGISTRY_AUTH_FILE");
  const dockers = env("DOCKER_CONFIG");
  const caller = callerOf(around);
  const { home, foreign, runtime, config } = folders(around);
  return [
    ...(named === undefined ? [] : [own(named, false)]),
    ...(dockers === undefined ? [] : [own(`${dockers}/config.json`, true)]),
    ...(named === undefined && dockers === undefined && caller !== undefined
      ? filesOf(caller)
      : []),
    ...(dockers === undefined && home !== undefined
      ? [own(`${home}/.docker/config.json`, true)]
      : []),
    ...(dockers === undefined && foreign !== undefined
      ? [own(`${foreign}/.docker/config.json`, true)]
      : []),
    ...(named !== undefined ? [] : [
      ...(runtime === undefined ? [] : [own(`${runtime}/containers/auth.json`, false)]),
      own(`/run/containers/${uid}/auth.json`, false),
      ...(config === undefined ? [] : [own(`${config}/containers/auth.json`, false)]),
    ]),
  ];
}

/** Returns the file that `login` writes. Under sudo it is root's own: other users' directories are unsafe. */
export function loginLocation(around: Surroundings): Location | undefined {
  const { env } = around;
  const named = env("REGISTRY_AUTH_FILE");
  if (named !== undefined) return own(named, false);
  const dockers = env("DOCKER_CONFIG");
  if (dockers !== undefined) return own(`${dockers}/config.json`, true);
  const { home } = folders(around);
  return home === undefined ? undefined : own(`${home}/.docker/config.json`, true);
}

function own(path: string, isDockers: boolean): Location {
  return { path, owner: undefined, isDockers };
}

interface Folders {
  readonly home: string | undefined;
  /** Root's `HOME` when it belongs to another user, as in CI systems: read, not written. */
  readonly foreign: string | undefined;
  readonly runtime: string | undefined;
  readonly config: string | undefined;
}

/**
 * Returns this user's own directories. sudo may leave the caller's in the environment: root must not read
 * them as its own, nor write to them.
 */
function folders(around: Surroundings): Folders {
  const { env, passwd } = around;
  const home = env("HOME");
  const isForeign = around.uid === 0 && home !== undefined && (ownerOf(home) ?? 0) !== 0;
  if (isUnderSudo(around) || isForeign) {
    const own = homeOf(passwd(0), 0);
    const foreign = isUnderSudo(around) ? undefined : home;
    return { home: own, foreign, runtime: undefined, config: own && `${own}/.config` };
  }
  return {
    home,
    foreign: undefined,
    runtime: env("XDG_RUNTIME_DIR"),
    config: env("XDG_CONFIG_HOME") ?? (home && `${home}/.config`),
  };
}

function filesOf(owner: Caller): Location[] {
  const { home, uid } = owner;
  return [
    { path: `${home}/.docker/config.json`, owner, isDockers: true },
    { path: `/run/user/${uid}/containers/auth.json`, owner, isDockers: false },
    { path: `${home}/.config/containers/auth.json`, owner, isDockers: false },
  ];
}

/** Reports whether another user became root, even if that user is unknown. */
function isUnderSudo({ env, uid }: Surroundings): boolean {
  return uid === 0 && (env("SUDO_UID") ?? "0") !== "0";
}

/** Returns the user who became root with sudo, if any. */
export function callerOf(around: Surroundings): Caller | undefined {
  const given = around.env("SUDO_UID") ?? "";
  const callerUid = /^\d{1,10}$/.test(given) ? Number(given) : 0;
  if (!isUnderSudo(around) || callerUid === 0 || callerUid > 0xffff_fffe) return undefined;
  const passwd = around.passwd(callerUid);
  const [name = "", , , gid = ""] = entryOf(passwd, callerUid) ?? [];
  const home = homeOf(passwd, callerUid);
  if (home === undefined || !/^\d{1,10}$/.test(gid)) return undefined;
  return { uid: callerUid, gid: Number(gid), name, home };
}

/** Returns the fields of a user in passwd(5). */
function entryOf(passwd: string, uid: number): string[] | undefined {
  return passwd.split("\n").map((line) => line.split(":")).find((fields) =>
    fields[2] === String(uid)
  );
}

function homeOf(passwd: string, uid: number): string | undefined {
  const home = entryOf(passwd, uid)?.[5];
  return home?.startsWith("/") ? home : undefined;
}

/** Content of a location, and the user for its helpers. */
export interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** User for the helpers that the file names; undefined for the user of this process. */
  readonly runAs: Caller | undefined;
  /** Reason to run no helper at all. */
  readonly noHelpers: string | undefined;
}

/**
 * Reads a location; undefined when the file does not exist.
 *
 * Where a user other than root can change a file, root runs the helpers that it names as the caller of
 * sudo if it is that user, else not at all.
 *
 * @throws {CredentialError} when the file cannot be read or belongs to another user
 */
export function readLocation(location: Location, around: Surroundings): Content | undefined {
  const { path, owner } = location;
  const file = readPrivateFile(path, owner === undefined ? undefined : [owner.uid, 0]);
  if (file === undefined) return undefined;
  const { bytes } = file;
  if (owner !== undefined || around.uid !== 0) return { bytes, runAs: owner, noHelpers: undefined };
  const objections = objectionsTo(path, file);
  if (objections.length === 0) return { bytes, runAs: undefined, noHelpers: undefined };
  const caller = callerOf(around);
  const isCallers = caller !== undefined && objections.every(({ uid }) => uid === caller.uid);
  if (isCallers) return { bytes, runAs: caller, noHelpers: undefined };
  return { bytes, runAs: undefined, noHelpers: objections[0]?.reason };
}

interface Objection {
  readonly reason: string;
  /** User who can change the file; undefined for more than one. */
  readonly uid: number | undefined;
}

/** Lists the users who can change or replace a file. */
function objectionsTo(path: string, { uid, mode }: { uid: number; mode: number }): Objection[] {
  const found: Objection[] = [];
  const add = (reason: string | undefined, owner: number | null) => {
    if (reason === undefined) return;
    found.push({ reason, uid: owner === null || owner === 0 ? undefined : owner });
  };
  if (uid !== 0) add(`it belongs to user ${uid}`, uid);
  if ((mode & 0o022) !== 0) add("other users can write to it", null);
  walk(path, {
    folder: (at, info) => add(folderObjection(at, info), info.uid),
    link: (at, info) => add(linkObjection(at, info), info.uid),
  });
  return found;
}

function ownerOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).uid ?? undefined;
  } catch {
    return undefined;
  }
}
