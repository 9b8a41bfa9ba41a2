/** Names in paths of control groups: which of them are containers. */

/** Container as a path names it. */
export interface NamedContainer {
  /** Id of 64 digits; undefined for one whose group has its name. */
  readonly id: string | undefined;
  /** Name, where the group has it. */
  readonly name: string | undefined;
  /** Path of its group; groups below it are the container's own. */
  readonly path: string;
}

/** Deeper paths are those of groups that a container made. */
const MAX_DEPTH = 32;

/**
 * Returns the containers that a path of a control group leads through, the outermost first: those of
 * Docker, containerd, CRI-O, Podman, LXC and systemd-nspawn, by both drivers of control groups.
 */
export function containersIn(path: string): NamedContainer[] {
  const found: NamedContainer[] = [];
  let before = "";
  for (const part of path.split("/").slice(1, MAX_DEPTH)) {
    before += `/${part}`;
    const named = containerOf(part);
    if (named !== undefined) found.push({ ...named, path: before });
  }
  return found;
}

function containerOf(part: string): Omit<NamedContainer, "path"> | undefined {
  const [, prefix = "", id] = /^(.*[-:_])?([0-9a-f]{64})(?:\.scope)?$/.exec(part) ?? [];
  // Its monitor runs outside of the container.
  if (id !== undefined) return prefix.includes("conmon") ? undefined : { id, name: undefined };
  const [, lxc] = /^lxc\.payload\.(.+)$/.exec(part) ?? [];
  if (lxc !== undefined) return { id: undefined, name: lxc };
  const [, machine] = /^machine-(.+)\.scope$/.exec(part) ?? [];
  if (machine === undefined) return undefined;
  return { id: undefined, name: machine.replaceAll("\\x2d", "-") };
}

/**
 * Returns the user whose groups a path is in: groups below `user@UID.service` are made by that user, and
 * named as the user likes; 0 for all others.
 */
export function userOf(path: string): number {
  const [, uid = "0"] = /\/user@(\d{1,10})\.service(?:\/|$)/.exec(path) ?? [];
  return Number(uid);
}

/**
 * Returns the paths in `/proc/PID/cgroup` (cgroups(7)) by hierarchy: the controllers of version 1,
 * `""` for version 2.
 */
export function groupsOfProcess(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(",")) paths.set(controller, path);
  }
  return paths;
}

/** Places where control groups are mounted, by hierarchy; `""` for version 2. */
export function groupMounts(mountinfo: string): Map<string, string> {
  const mounts = new Map<string, string>();
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const place = before.split(" ")[4]?.replaceAll("\\040", " ");
    const [type, , options = ""] = after.split(" ");
    if (place === undefined) continue;
    if (type === "cgroup2" && !mounts.has("")) mounts.set("", place);
    if (type !== "cgroup") continue;
    for (const option of options.split(",")) {
      if (/^(rw|ro|xattr|noprefix|clone_children|release_agent=.*)$/.test(option)) continue;
      if (!mounts.has(option)) mounts.set(option, place);
    }
  }
  return mounts;
}

/** Reports whether a group is another one, or below it. */
export function isBelow(path: string, root: string): boolean {
  const clean = root.replace(/\/+$/, "");
  return path === clean || path.startsWith(`${clean}/`);
}
