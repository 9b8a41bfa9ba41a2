/** Containers that a command line selects. */
import { UsageError } from "../errors.ts";
import type { ContainerLine } from "../args/container_options.ts";
import { isBelow } from "./group_path.ts";
import type { ContainerNames } from "./engine_state.ts";

/** Container, or a process outside of all. */
export interface Candidate {
  /** Id of 64 digits. */
  readonly id: string | undefined;
  readonly names: ContainerNames | undefined;
  /** Paths of its control groups by hierarchy; `""` for version 2. */
  readonly groups: ReadonlyMap<string, string>;
}

/** Control group of `--cgroup`. */
export interface WantedGroup {
  /** Controller of version 1; `""` for version 2. */
  readonly hierarchy: string;
  readonly path: string;
  /** Path as it was given. */
  readonly text: string;
}

interface WantedPod {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Digits of an id that select its container: as many as engines print. */
const ID_DIGITS = /^[0-9a-f]{12,64}$/;

/** Options that select: each kind that is given must hold, one value of each is enough. */
export class Selection {
  readonly groups: readonly WantedGroup[];
  readonly #containers: readonly string[];
  readonly #pods: readonly WantedPod[];

  /**
   * @param mounts places where control groups are mounted, by hierarchy
   * @throws {UsageError} for an invalid value
   */
  constructor({ lists }: ContainerLine, mounts: ReadonlyMap<string, string>) {
    this.#containers = (lists?.container ?? []).map((name) => checked(name, "--container"));
    this.#pods = (lists?.pod ?? []).map(podOf);
    this.groups = (lists?.cgroup ?? []).map((text) => groupOf(text, mounts));
  }

  /** True if everything is selected. */
  get isEmpty(): boolean {
    return this.#containers.length + this.#pods.length + this.groups.length === 0;
  }

  /** True if containers are selected, and not control groups alone. */
  get hasNames(): boolean {
    return this.#containers.length + this.#pods.length > 0;
  }

  /** Texts of the names, for messages. */
  get words(): string {
    return [
      ...this.#containers.map((name) => `--container ${name}`),
      ...this.#pods.map(({ namespace, name }) =>
        `--pod ${namespace === undefined ? "" : `${namespace}/`}${name}`
      ),
    ].join(" ");
  }

  /** Reports whether a container, or a process outside of all, is selected. */
  takes({ id, names, groups }: Candidate): boolean {
    const isNamed = (name: string) =>
      names?.container === name || (ID_DIGITS.test(name) && id?.startsWith(name) === true);
    const isPod = ({ namespace, name }: WantedPod) =>
      names?.pod === name && (namespace === undefined || names.namespace === namespace);
    const isGroup = ({ hierarchy, path }: WantedGroup) => {
      const own = groups.get(hierarchy);
      return own !== undefined && isBelow(own, path);
    };
    const holds = <T>(wanted: readonly T[], test: (one: T) => boolean) =>
      wanted.length === 0 || wanted.some(test);
    return holds(this.#containers, isNamed) && holds(this.#pods, isPod) &&
      holds(this.groups, isGroup);
  }
}

function checked(text: string, option: string): string {
  if (text === "" || text.length > 253 || /[\0-\x20\x7f/]/.test(text)) {
    throw new UsageError(`Cannot use ${option} "${text}": not a name`);
  }
  return text;
}

function podOf(text: string): WantedPod {
  const [, namespace, name = ""] = /^(?:([^/]*)\/)?(.*)$/s.exec(text) ?? [];
  return {
    namespace: namespace === undefined ? undefined : checked(namespace, "--pod"),
    name: checked(name, "--pod"),
  };
}

/** Returns a group by its path in the file system, or below the root of version 2. */
function groupOf(text: string, mounts: ReadonlyMap<string, string>): WantedGroup {
  const parts = text.split("/");
  if (text === "" || text.length > 4095 || /\0/.test(text) || parts.includes("..")) {
    throw new UsageError(`Cannot use --cgroup "${text}": not a path of a control group`);
  }
  const clean = `/${parts.filter((part) => part !== "" && part !== ".").join("/")}`;
  // The longest place counts: version 2 can be mounted below version 1.
  const [inside] = [...mounts].filter(([, place]) => isBelow(clean, place))
    .sort(([, a], [, b]) => b.length - a.length);
  if (inside === undefined) return { hierarchy: "", path: clean, text };
  const [hierarchy, place] = inside;
  return { hierarchy, path: clean.slice(place.length) || "/", text };
}
