/**
 * Names of containers, from the files in which engines keep them; nothing is requested from an engine or
 * an API server. The files are not trusted: sizes are bounded, and what is not a text is left out.
 */

/** Names of a container. */
export interface ContainerNames {
  readonly container: string;
  /** Name of its pod; empty without one. */
  readonly pod: string;
  /** Namespace of its pod; empty without one. */
  readonly namespace: string;
}

/** Reads a file of the host; undefined for one that is missing or too large. */
export type ReadFile = (path: string, maxBytes: number) => Uint8Array | undefined;

const MAX_STATE_BYTES = 1 << 20;
/** One file for all containers of Podman. */
const MAX_LIST_BYTES = 8 << 20;
const DRIVERS = ["overlay", "vfs", "btrfs", "zfs", "fuse-overlayfs"];
const CONTAINERD = ["/run/containerd", "/run/k3s/containerd"];
const CONTAINERD_NAMESPACES = ["k8s.io", "default"];

/** Folders of Podman and CRI-O. */
export interface StoragePlaces {
  /** Folder of what stays. */
  readonly graphRoot: string;
  /** Folder of what is gone after a boot. */
  readonly runRoot: string;
}

/** Names for a pod's own container, which holds its namespaces. */
const SANDBOX = "POD";

/** Reader of the state of all engines. */
export class Engines {
  readonly #read: ReadFile;
  readonly #root: string;
  readonly #storage: StoragePlaces;

  /** @param root folder with the files of the host; empty where they are ours */
  constructor(read: ReadFile, root: string) {
    this.#read = read;
    this.#root = root;
    this.#storage = this.#storagePlaces();
  }

  /** Returns the names of a container by its id of 64 digits; undefined if no engine has it. */
  namesOf(id: string): ContainerNames | undefined {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    return this.#docker(id) ?? this.#containerd(id) ?? this.#crio(id) ?? this.#podman(id);
  }

  #json(path: string, maxBytes = MAX_STATE_BYTES): unknown {
    const bytes = this.#read(path, maxBytes);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      // Being written.
      return undefined;
    }
  }

  #docker(id: string): ContainerNames | undefined {
    const state = this.#json(`${this.#root}/var/lib/docker/containers/${id}/config.v2.json`);
    const name = textOf(state, "Name")?.replace(/^\//, "");
    if (name === undefined) return undefined;
    const labels = memberOf(memberOf(state, "Config"), "Labels");
    return kubernetesNames(labels) ?? { container: name, pod: "", namespace: "" };
  }

  #containerd(id: string): ContainerNames | undefined {
    for (const place of CONTAINERD) {
      for (const namespace of CONTAINERD_NAMESPACES) {
        const folder = `${this.#root}${place}/io.containerd.runtime.v2.task/${namespace}`;
        const notes = memberOf(this.#json(`${folder}/${id}/config.json`), "annotations");
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
      const notes = memberOf(this.#json(`${folder}/config.json`), "annotations");
      const names = kubernetesNames(notes);
      if (names !== undefined) return names;
    }
    return undefined;
  }

  #podman(id: string): ContainerNames | undefined {
    for (const driver of DRIVERS) {
      const path = `${this.#storage.graphRoot}/${driver}-containers/containers.json`;
      const list = this.#json(path, MAX_LIST_BYTES);
      if (!Array.isArray(list)) continue;
      const names = memberOf(list.find((one) => textOf(one, "id") === id), "names");
      const container = Array.isArray(names) ? names[0] : undefined;
      if (typeof container === "string") return { container, pod: "", namespace: "" };
    }
    return undefined;
  }

  /** Reads the places of `storage.conf` (containers-storage.conf(5)). */
  #storagePlaces(): StoragePlaces {
    const path = `${this.#root}/etc/containers/storage.conf`;
    const text = new TextDecoder().decode(this.#read(path, MAX_STATE_BYTES) ?? new Uint8Array());
    const find = (name: string, usual: string) => {
      const found = new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*"(/[^"\\n]*)"`, "m").exec(text)?.[1];
      return `${this.#root}${found ?? usual}`;
    };
    return {
      graphRoot: find("graphroot", "/var/lib/containers/storage"),
      runRoot: find("runroot", "/run/containers/storage"),
    };
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

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const text = memberOf(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
