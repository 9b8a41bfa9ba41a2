/**
 * Filters of control groups and mount namespaces that an object has in the kernel: those of our tools
 * (`cgroup_filter`), and of gadgets (`gadget_mntns_filter_map`).
 */
import {
  type MapSetting,
  MapWriter,
  type ObjectFile,
  type PlainSession,
  Setting,
  type VariableValue,
} from "../../ebpf/plain/mod.ts";
import type { ContainerIndex } from "./index.ts";

/** Time between two looks for containers that have come or gone. */
export const LOOK_MS = 250;
/** Groups that a filter holds. */
const MAX_GROUPS = 4096;
/** Helper that looks a map's element up. */
const LOOKUP = 1;

/** Map of a filter, and the variables that switch it on. */
interface Hook {
  readonly map: string;
  readonly variable: string;
  /** Bytes of a value. */
  readonly keys: "groups" | "namespaces";
}

const HOOKS: readonly Hook[] = [
  { map: "cgroup_filter", variable: "has_cgroup_filter", keys: "groups" },
  { map: "gadget_mntns_filter_map", variable: "gadget_filter_by_mntns", keys: "namespaces" },
];

/** Variable that makes programs of our tools add `cgroup_id` to records. */
const IDS_VARIABLE = "has_cgroup_ids";

/** Names of variables that are not options of a tool. */
export const CONTAINER_VARIABLES: ReadonlySet<string> = new Set([
  IDS_VARIABLE,
  ...HOOKS.map(({ variable }) => variable),
]);

/** Filter of one object: settings before the load, and keys while it runs. */
export class KernelFilter {
  readonly #hook: Hook;
  readonly #index: ContainerIndex;
  readonly #fixed: readonly bigint[];
  #writer: MapWriter | undefined;
  #keys = new Set<bigint>();
  readonly #comparesOwnGroup: boolean;

  private constructor(
    hook: Hook,
    index: ContainerIndex,
    { fixed, release }: { fixed: readonly bigint[]; release: string | undefined },
  ) {
    this.#hook = hook;
    this.#index = index;
    this.#fixed = fixed;
    this.#comparesOwnGroup = comparesOwnGroup(release);
  }

  /**
   * Returns the filter of an object that has one and uses it.
   *
   * @param parts.fixed ids of control groups that the command line names, in place of containers
   * @param parts.release release of the running kernel
   */
  static of(
    file: ObjectFile,
    index: ContainerIndex,
    { fixed, hasGroups, release }: {
      fixed: readonly bigint[];
      hasGroups: boolean;
      release: string | undefined;
    },
  ): KernelFilter | undefined {
    for (const hook of HOOKS) {
      const map = file.map(hook.map);
      const isUsed = file.outputs.uses.get(hook.map)?.has(LOOKUP) === true;
      const isPossible = hook.keys === "groups" ? hasGroups : fixed.length === 0;
      if (map?.keyBytes !== 8 || !isUsed || !isPossible) continue;
      if (file.variable(hook.variable)?.sizeBytes !== 1) continue;
      return new KernelFilter(hook, index, { fixed, release });
    }
    return undefined;
  }

  /** Values of variables, and sizes of maps. */
  settings(file: ObjectFile): { values: VariableValue[]; maps: MapSetting[] } {
    const { map, variable } = this.#hook;
    return {
      values: flagOf(file, variable),
      maps: [{ map, setting: Setting.MaxEntries, value: MAX_GROUPS }],
    };
  }

  /** Fills the filter of a loaded object; again whenever containers may have come or gone. */
  open(session: PlainSession): Disposable | undefined {
    const map = session.map(this.#hook.map);
    if (map === undefined) return undefined;
    this.#writer = new MapWriter(map);
    this.refresh();
    return {
      [Symbol.dispose]: () => {
        this.#writer?.[Symbol.dispose]();
        this.#writer = undefined;
      },
    };
  }

  /** Adds the containers that are selected, and removes those that are gone. */
  refresh(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    const keys = this.#keysNow();
    for (const key of this.#keys) if (!keys.has(key)) writer.remove(key);
    for (const key of keys) if (!this.#keys.has(key)) writer.add(key);
    this.#keys = keys;
  }

  #keysNow(): Set<bigint> {
    const keys = new Set(this.#fixed.length > 0 ? this.#fixed : this.#wanted());
    if (this.#hook.keys !== "groups" || !this.#comparesOwnGroup) return keys;
    return new Set([...this.#index.withGroupsBelow(keys)].slice(0, MAX_GROUPS));
  }

  #wanted(): bigint[] {
    this.#index.refresh();
    const wanted = this.#index.running.filter(({ isWanted }) => isWanted).slice(0, MAX_GROUPS);
    if (this.#hook.keys === "groups") return wanted.map(({ groupId }) => groupId);
    return wanted.flatMap((one) => this.#index.namespaceOf(one) ?? []);
  }
}

/**
 * Reports whether programs that trace see their process's control group alone, and none around it: before
 * Linux 5.15, where bpf_get_current_ancestor_cgroup_id() is not for them.
 */
export function comparesOwnGroup(release: string | undefined): boolean {
  const [, major = NaN, minor = NaN] = /^(\d+)\.(\d+)/.exec(release ?? "") ?? [];
  return Number(major) < 5 || (Number(major) === 5 && Number(minor) < 15);
}

/** Returns the value that makes records have `cgroup_id`, if the object has the variable. */
export function groupIds(file: ObjectFile): VariableValue[] {
  return file.variable(IDS_VARIABLE)?.sizeBytes === 1 ? flagOf(file, IDS_VARIABLE) : [];
}

function flagOf(file: ObjectFile, variable: string): VariableValue[] {
  const found = file.variable(variable);
  if (found === undefined) return [];
  const { name, section, offset } = found;
  return [{ name, section, offset, bytes: new Uint8Array([1]) }];
}
