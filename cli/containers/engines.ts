/**
 * Names of containers, from the files in which engines keep them; nothing is requested from an engine or
 * an API server.
 */
import { type ContainerNames, memberOf, type ReadFile, readJson, textOf } from "./engine_state.ts";
import { Podman } from "./podman.ts";
import { accountOf, DRIVERS, storageOfRoot, storageOfUser, type StoragePlaces } from "./storage.ts";

const CONTAINERD = ["/run/containerd", "/run/k3s/containerd"];
const CONTAINERD_NAMESPACES = ["k8s.io", "default"];
/** Users whose engines are remembered. */
const MAX_USERS = 64;

/** Names for a pod's own container, which holds its namespaces. */
const SANDBOX = "POD";

/** Engines of a user other than root. */
interface UserEngines {
  readonly podman: Podman;
  /** Folder of Docker's state. */
  readonly docker: string;
}

/** Reader of the state of all engines. */
export class Engines {
  readonly #read: ReadFile;
  readonly #root: string;
  readonly #now: () => number;
  readonly #storage: StoragePlaces;
  readonly #podman: Podman;
  readonly #users = new Map<number, UserEngines | undefined>();

  /**
   * @param root folder with the files of the host; empty where they are ours
   * @param now milliseconds of a clock that never goes back
   */
  constructor(read: ReadFile, root: string, now: () => number) {
    this.#read = read;
    this.#root = root;
    this.#now = now;
    this.#storage = storageOfRoot(read, root);
    this.#podman = new Podman(read, this.#storage, now);
  }

  /**
   * Returns the names of a container by its id of 64 digits; undefined if no engine has it.
   *
   * @param uid user whose control groups it is in: only engines of that user are looked at, since the
   *   user can name a group after any container
   */
  namesOf(id: string, uid = 0): ContainerNames | undefined {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    if (uid !== 0) return this.#ofUser(id, uid);
    return this.#docker(`${this.#root}/var/lib/docker`, id) ?? this.#containerd(id) ??
      this.#crio(id) ?? this.#podman.namesOf(id);
  }

  #ofUser(id: string, uid: number): ContainerNames | undefined {
    if (!this.#users.has(uid)) {
      if (this.#users.size === MAX_USERS) this.#users.clear();
      const places = storageOfUser(this.#read, this.#root, uid);
      const home = accountOf(this.#read, this.#root, uid)?.home;
      this.#users.set(
        uid,
        places && {
          podman: new Podman(this.#read, places, this.#now),
          docker: `${this.#root}${home}/.local/share/docker`,
        },
      );
    }
    const engines = this.#users.get(uid);
    return engines && (engines.podman.namesOf(id) ?? this.#docker(engines.docker, id));
  }

  #docker(folder: string, id: string): ContainerNames | undefined {
    const state = readJson(this.#read, `${folder}/containers/${id}/config.v2.json`);
    const name = textOf(state, "Name")?.replace(/^\//, "");
    if (name === undefined) return undefined;
    const labels = memberOf(memberOf(state, "Config"), "Labels");
    return kubernetesNames(labels) ?? { container: name, pod: "", namespace: "" };
  }

  #containerd(id: string): ContainerNames | undefined {
    for (const place of CONTAINERD) {
      for (const namespace of CONTAINERD_NAMESPACES) {
        const folder = `${this.#root}${place}/io.containerd.runtime.v2.task/${namespace}`;
        const notes = memberOf(readJson(this.#read, `${folder}/${id}/config.json`), "annotations");
        if (notes === undefined) continue;
        const pod = textOf(notes, "io.kubernetes.cri.sandbox-name");
        const container = textOf(notes, "io.kubernetes.cri.container-name") ??
          (pod === undefined ? textOf(notes, "nerdctl/name") : SANDBOX);
        if (container === undefined) continue;
        const space = textOf(notes, "io.kubernetes.cri.sandbox-namespace") ?? "";
        return { container, pod: pod ?? "", namespace: space };
      }
    }
    return undefined;
  }

  #crio(id: string): ContainerNames | undefined {
    for (const driver of DRIVERS) {
      const folder = `${this.#storage.runRoot}/${driver}-containers/${id}/userdata`;
      const notes = memberOf(readJson(this.#read, `${folder}/config.json`), "annotations");
      const names = kubernetesNames(notes);
      if (names !== undefined) return names;
    }
    return undefined;
  }
}

/** Names that Docker's adapter for Kubernetes, and CRI-O, keep. */
function kubernetesNames(labels: unknown): ContainerNames | undefined {
  const pod = textOf(labels, "io.kubernetes.pod.name");
  if (pod === undefined) return undefined;
  return {
    container: textOf(labels, "io.kubernetes.container.name") ?? SANDBOX,
    pod,
    namespace: textOf(labels, "io.kubernetes.pod.namespace") ?? "",
  };
}
