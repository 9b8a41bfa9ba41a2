/**
 * Names of Podman's containers and pods, from its files.
 *
 * Names of containers are in lists of the storage. The pod of a container is in the annotations of its
 * specification: the id of the container that holds the pod's namespaces, or of a pod that has none. Names
 * of pods are only in Podman's database (BoltDB, or SQLite since 5.0), where each pod is a text in JSON
 * that begins with its id and name: that text is looked for, in either.
 */
import { Buffer } from "node:buffer";
import { type ContainerNames, memberOf, type ReadFile, readJson, textOf } from "./engine_state.ts";
import { DRIVERS, type StoragePlaces } from "./storage.ts";

/** Bound of a list of all containers of a user, and of the database. */
const MAX_LIST_BYTES = 8 << 20, MAX_DATABASE_BYTES = 32 << 20;
/** Time for which a list is remembered: many containers that are not in it are looked up at once. */
const KEPT_MS = 200;
/**
 * Times as long as a reading took until the next one. Users write these files, as large as they like: they
 * take at most a tenth of the time of a tool.
 */
const PAUSE = 10;
/** Names of pods that are remembered. */
const MAX_PODS = 1024;

/** Members of a pod up to its name, as Go writes them. */
const POD = /^\{"id":"([0-9a-f]{64})","name":("(?:[^"\\\0]|\\.){1,253}")/;
const POD_BYTES = 1024;
/** Texts that begin like the wanted pod and are looked at. */
const MAX_CANDIDATES = 1000;
/** Digits of a pod's id in the name of the container with its namespaces. */
const INFRA = /^([0-9a-f]{12})-infra$/;

/** Container in a list of the storage. */
interface Listed {
  readonly name: string;
  /** Folder with its files. */
  readonly folder: string;
}

/** Podman of one user. */
export class Podman {
  readonly #read: ReadFile;
  readonly #places: StoragePlaces;
  readonly #now: () => number;
  readonly #podNames = new Map<string, string>();
  #listed: ReadonlyMap<string, Listed> = new Map();
  /** Times before which the lists, and the database, are not read again. */
  #nextListMs = -Infinity;
  #nextPodMs = -Infinity;

  /** @param now milliseconds of a clock that never goes back */
  constructor(read: ReadFile, places: StoragePlaces, now: () => number) {
    this.#read = read;
    this.#places = places;
    this.#now = now;
  }

  /** Returns the names of a container; undefined if Podman does not have it. */
  namesOf(id: string): ContainerNames | undefined {
    const listed = this.#list().get(id);
    if (listed === undefined) return undefined;
    return { container: listed.name, pod: this.#podOf(listed) ?? "", namespace: "" };
  }

  /** Reads the lists of all drivers: those of containers that stay, and of those that end with a boot. */
  #list(): ReadonlyMap<string, Listed> {
    const start = this.#now();
    if (start < this.#nextListMs) return this.#listed;
    const { graphRoot, runRoot } = this.#places;
    const listed = new Map<string, Listed>();
    for (const driver of DRIVERS) {
      for (const root of [graphRoot, runRoot]) {
        for (const file of ["containers.json", "volatile-containers.json"]) {
          const folder = `${root}/${driver}-containers`;
          const list = readJson(this.#read, `${folder}/${file}`, MAX_LIST_BYTES);
          for (const one of Array.isArray(list) ? list : []) {
            const names = memberOf(one, "names");
            const id = textOf(one, "id"), [name] = Array.isArray(names) ? names : [];
            if (id === undefined || typeof name !== "string" || name === "") continue;
            if (!listed.has(id)) listed.set(id, { name, folder: `${folder}/${id}` });
          }
        }
      }
    }
    this.#listed = listed;
    const end = this.#now();
    this.#nextListMs = end + Math.max(KEPT_MS, PAUSE * (end - start));
    return listed;
  }

  #podOf({ name, folder }: Listed): string | undefined {
    const [, ownPod] = INFRA.exec(name) ?? [];
    if (ownPod !== undefined) return this.#podName(ownPod) ?? this.#hostname(folder);
    const notes = memberOf(readJson(this.#read, `${folder}/userdata/config.json`), "annotations");
    const sandbox = textOf(notes, "io.kubernetes.cri-o.SandboxID");
    if (sandbox === undefined || !/^[0-9a-f]{64}$/.test(sandbox)) return undefined;
    const infra = this.#listed.get(sandbox);
    if (infra === undefined) return this.#podName(sandbox);
    const [, pod] = INFRA.exec(infra.name) ?? [];
    return (pod === undefined ? undefined : this.#podName(pod)) ?? this.#hostname(infra.folder);
  }

  /** A pod's containers have its name as that of the host, unless it was given another one. */
  #hostname(folder: string): string | undefined {
    return textOf(readJson(this.#read, `${folder}/userdata/config.json`), "hostname");
  }

  /** @param start first digits of the pod's id, 12 or all */
  #podName(start: string): string | undefined {
    const known = this.#podNames.get(start);
    if (known !== undefined) return known;
    const startMs = this.#now();
    if (startMs < this.#nextPodMs) return undefined;
    const name = this.#readPodName(start);
    if (name === undefined) {
      const endMs = this.#now();
      this.#nextPodMs = endMs + PAUSE * (endMs - startMs);
      return undefined;
    }
    if (this.#podNames.size === MAX_PODS) this.#podNames.clear();
    this.#podNames.set(start, name);
    return name;
  }

  #readPodName(start: string): string | undefined {
    const { graphRoot, runRoot } = this.#places;
    const places = [`${graphRoot}/libpod/bolt_state.db`].concat(
      [graphRoot, `${graphRoot}/libpod`, runRoot].flatMap((root) => // The newest pages are in the log.
      [`${root}/db.sql-wal`, `${root}/db.sql`]),
    );
    for (const path of places) {
      const bytes = this.#read(path, MAX_DATABASE_BYTES);
      const name = bytes && podNameIn(bytes, start);
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

/**
 * Finds the name of a pod in a database. Texts of users in it are within strings of JSON, whose quotes are
 * escaped.
 */
function podNameIn(database: Uint8Array, start: string): string | undefined {
  const bytes = Buffer.from(database.buffer, database.byteOffset, database.byteLength);
  const wanted = `{"id":"${start}`;
  let at = bytes.indexOf(wanted);
  for (let count = 0; at >= 0 && count < MAX_CANDIDATES; count++) {
    const [, , text] = POD.exec(bytes.toString("utf8", at, at + POD_BYTES)) ?? [];
    try {
      if (text !== undefined) return String(JSON.parse(text));
    } catch {
      // Not a text of JSON: an escape that does not exist.
    }
    at = bytes.indexOf(wanted, at + 1);
  }
  return undefined;
}
