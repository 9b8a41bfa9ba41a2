/** Folders in which Podman and CRI-O keep containers: containers-storage.conf(5). */
import { MAX_STATE_BYTES, type ReadFile } from "./engine_state.ts";

/** Folders of one user. */
export interface StoragePlaces {
  /** Folder of what stays. */
  readonly graphRoot: string;
  /** Folder of what is gone after a boot. */
  readonly runRoot: string;
}

/** Drivers, whose names the folders of containers have. */
export const DRIVERS = ["overlay", "vfs", "btrfs", "zfs", "fuse-overlayfs"];

/** Returns the folders of root. */
export function storageOfRoot(read: ReadFile, root: string): StoragePlaces {
  const text = textIn(read, `${root}/etc/containers/storage.conf`);
  const find = (name: string, usual: string) => `${root}${settingIn(text, name) ?? usual}`;
  return {
    graphRoot: find("graphroot", "/var/lib/containers/storage"),
    runRoot: find("runroot", "/run/containers/storage"),
  };
}

/** Returns the folders of another user; undefined for one without a home. */
export function storageOfUser(
  read: ReadFile,
  root: string,
  uid: number,
): StoragePlaces | undefined {
  const account = accountOf(read, root, uid);
  if (account === undefined) return undefined;
  const { user, home } = account;
  const own = textIn(read, `${root}${home}/.config/containers/storage.conf`);
  const shared = textIn(read, `${root}/etc/containers/storage.conf`);
  const known: Readonly<Record<string, string>> = { HOME: home, UID: `${uid}`, USER: user };
  const expand = (path: string | undefined) =>
    path?.replace(/\$(HOME|UID|USER)\b/g, (_, name: string) => known[name] ?? "");
  const graphRoot = expand(settingIn(own, "graphroot")) ??
    expand(settingIn(shared, "rootless_storage_path")) ?? `${home}/.local/share/containers/storage`;
  const runRoot = expand(settingIn(own, "runroot")) ?? `/run/user/${uid}/containers`;
  return { graphRoot: `${root}${graphRoot}`, runRoot: `${root}${runRoot}` };
}

/** Account of a user. */
export interface Account {
  readonly user: string;
  /** Absolute, and not below the host's root. */
  readonly home: string;
}

/** Returns the account of a user by `/etc/passwd`; undefined for one without a home. */
export function accountOf(read: ReadFile, root: string, uid: number): Account | undefined {
  const [user = "", , , , , home = ""] = textIn(read, `${root}/etc/passwd`).split("\n")
    .map((line) => line.split(":")).find(([, , number]) => number === `${uid}`) ?? [];
  return /^\/[^\0]+$/.test(home) ? { user, home } : undefined;
}

function textIn(read: ReadFile, path: string): string {
  return new TextDecoder().decode(read(path, MAX_STATE_BYTES) ?? new Uint8Array());
}

/** Returns a path of the settings. */
function settingIn(text: string, name: string): string | undefined {
  return new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*"([/$][^"\\n]*)"`, "m").exec(text)?.[1];
}
