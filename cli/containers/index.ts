/** Containers of this host: found by control group, process or mount namespace, and remembered. */
import type { ControlGroup } from "../../runtime/command.ts";
import { Engines } from "./engines.ts";
import { containersIn, groupsOfProcess, userOf } from "./group_path.ts";
import type { ContainerNames, ReadFile } from "./engine_state.ts";
import type { Candidate, Selection } from "./selection.ts";

/** Calls that look at the host; see `ffi/host_files.ts`. */
export interface Host {
  readonly read: ReadFile;
  inode(path: string): bigint | undefined;
  groups(root: string): ControlGroup[] | number;
}

/** Place of a process: its container, or none. */
export interface Place extends Candidate {
  /** True if its records are shown. */
  readonly isWanted: boolean;
}

/** Container with the number of its control group of version 2. */
export interface RunningContainer extends Place {
  readonly groupId: bigint;
  readonly path: string;
}

/** Entries of each memory; the oldest is forgotten. */
const MAX_KEPT = 8192;
/** Time after which groups are listed again for one that is not known. */
const LIST_MS = 100;
/** Time for which a process is taken to be where it was. */
const PROCESS_MS = 1000;
/** Time after which the files of an engine are read again for a container without a name. */
const NAMES_MS = 1000;
const MAX_PROCESS_BYTES = 64 << 10;
/** Bytes of the shortest list of processes. */
const MAX_PROCESSES_BYTES = 1 << 20;

/** Container that a control group belongs to, with the path of its own group. */
interface Owner extends Pick<Candidate, "id" | "names"> {
  readonly path: string;
}

interface Known<T> {
  readonly value: T;
  readonly atMs: number;
}

/** Index of containers. Everything is read when it is needed, and again when it may have changed. */
export class ContainerIndex {
  readonly #host: Host;
  readonly #now: () => number;
  readonly #engines: Engines;
  readonly #selection: Selection;
  readonly #root: string | undefined;
  readonly #names = new Map<string, Known<ContainerNames | undefined>>();
  readonly #byId = new Map<bigint, Place>();
  readonly #byProcess = new Map<number, Known<Place>>();
  readonly #byNamespace = new Map<bigint, Place>();
  #running: readonly RunningContainer[] = [];
  #listedMs = -Infinity;

  /**
   * @param parts.root where version 2 of control groups is mounted
   * @param parts.hostRoot folder with the files of the host; empty where they are ours
   * @param parts.now milliseconds of a clock that never goes back
   */
  constructor(
    host: Host,
    { selection, root, hostRoot, now }: {
      selection: Selection;
      root: string | undefined;
      hostRoot: string;
      now: () => number;
    },
  ) {
    this.#host = host;
    this.#selection = selection;
    this.#root = root;
    this.#engines = new Engines(host.read, hostRoot, now);
    this.#now = now;
  }

  /** Containers at the last look. */
  get running(): readonly RunningContainer[] {
    return this.#running;
  }

  /** Lists the control groups. */
  refresh(): void {
    this.#listedMs = this.#now();
    const groups = this.#root === undefined ? -1 : this.#host.groups(this.#root);
    if (typeof groups === "number") return;
    const running: RunningContainer[] = [];
    for (const { id, path } of groups) {
      const place = this.#placeOf(new Map([["", path]]));
      this.#keep(this.#byId, id, place);
      const own = containersIn(path).at(-1);
      // Groups below a container's are its own.
      if (own?.path !== path || this.#ownerOf(path)?.path !== path) continue;
      running.push({ ...place, groupId: id, path });
    }
    this.#running = running;
  }

  /** Returns the place of a control group by its id; undefined for one that is not known. */
  ofGroup(id: bigint): Place | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined && (known.names !== undefined || known.id === undefined)) return known;
    if (this.#now() - this.#listedMs >= LIST_MS) this.refresh();
    return this.#byId.get(id);
  }

  /** Returns the place of a process or thread; of one that has ended, the place where it was. */
  ofProcess(pid: number): Place | undefined {
    const known = this.#byProcess.get(pid);
    const now = this.#now();
    if (known !== undefined && now - known.atMs < PROCESS_MS) return known.value;
    const bytes = this.#host.read(`/proc/${pid}/cgroup`, MAX_PROCESS_BYTES);
    if (bytes === undefined) return known?.value;
    const place = this.#placeOf(groupsOfProcess(new TextDecoder().decode(bytes)));
    this.#keep(this.#byProcess, pid, { value: place, atMs: now });
    return place;
  }

  /** Returns the container of a mount namespace; undefined for one that is not a container's. */
  ofNamespace(id: bigint): Place | undefined {
    const known = this.#byNamespace.get(id);
    if (known !== undefined || this.#now() - this.#listedMs < LIST_MS) return known;
    this.refresh();
    for (const container of this.#running) {
      const namespace = this.namespaceOf(container);
      if (namespace !== undefined) this.#keep(this.#byNamespace, namespace, container);
    }
    return this.#byNamespace.get(id);
  }

  /** Returns the number of the mount namespace of a container's first process. */
  namespaceOf({ path }: RunningContainer): bigint | undefined {
    const bytes = this.#host.read(`${this.#root}${path}/cgroup.procs`, MAX_PROCESSES_BYTES);
    const pid = bytes && /^[1-9]\d*/.exec(new TextDecoder().decode(bytes))?.[0];
    return pid ? this.#host.inode(`/proc/${pid}/ns/mnt`) : undefined;
  }

  /** Returns the control groups with these ids, and all below them, as they are now. */
  withGroupsBelow(ids: ReadonlySet<bigint>): Set<bigint> {
    const root = this.#root;
    const groups = root === undefined ? -1 : this.#host.groups(root);
    if (root === undefined || typeof groups === "number") return new Set(ids);
    // The list does not have the root, below which are all.
    const top = this.#host.inode(root);
    if (top !== undefined && ids.has(top)) return new Set([...ids, ...groups.map(({ id }) => id)]);
    const wanted = new Set(groups.filter(({ id }) => ids.has(id)).map(({ path }) => path));
    const isBelow = (path: string): boolean =>
      path !== "" && (wanted.has(path) || isBelow(path.slice(0, path.lastIndexOf("/"))));
    return new Set([...ids, ...groups.filter(({ path }) => isBelow(path)).map(({ id }) => id)]);
  }

  #keep<K, V>(map: Map<K, V>, key: K, value: V): void {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest);
  }

  #placeOf(groups: ReadonlyMap<string, string>): Place {
    let found: Owner | undefined;
    // Version 2 first: where both are mounted, engines may use one alone.
    for (const path of new Set([groups.get("") ?? "/", ...groups.values()])) {
      found = this.#ownerOf(path);
      if (found !== undefined) break;
    }
    const candidate = { id: found?.id, names: found?.names, groups };
    return { ...candidate, isWanted: this.#selection.takes(candidate) };
  }

  /**
   * Returns the container that a control group belongs to: the outermost of which an engine has a name,
   * since a container can name groups below its own as it likes.
   */
  #ownerOf(path: string): Owner | undefined {
    const all = containersIn(path);
    for (const { id, name, path } of all) {
      const names = name === undefined
        ? this.#namesOf(id ?? "", userOf(path))
        : { container: name, pod: "", namespace: "" };
      if (names !== undefined) return { id, names, path };
    }
    const last = all.at(-1);
    return last && { id: last.id, names: undefined, path: last.path };
  }

  #namesOf(id: string, uid: number): ContainerNames | undefined {
    const key = `${uid}/${id}`;
    const known = this.#names.get(key);
    const now = this.#now();
    if (known?.value !== undefined) return known.value;
    // Its files may be written a little after its group is made.
    if (known !== undefined && now - known.atMs < NAMES_MS) return undefined;
    const value = this.#engines.namesOf(id, uid);
    this.#keep(this.#names, key, { value, atMs: now });
    return value;
  }
}
