/**
 * Containers of records: `--container`, `--pod`, `--cgroup` and `--containers`. Nothing of this room is
 * loaded without them.
 */
import { HostError } from "../../ffi/errors.ts";
import type { ObjectFile, VariableValue } from "../../ebpf/plain/mod.ts";
import { nowMs } from "../../ebpf/plain/mod.ts";
import type { RecordTaker } from "../../records/mod.ts";
import { hostFiles } from "../../runtime/command.ts";
import { readKernelFile } from "../../runtime/machine.ts";
import {
  type ContainerLine,
  selectsContainers,
  showsContainers,
} from "../args/container_options.ts";
import { formatCount } from "../terminal/units.ts";
import { groupMounts } from "./group_path.ts";
import { ContainerIndex } from "./index.ts";
import { groupIds, KernelFilter } from "./kernel_filter.ts";
import { placeReader } from "./record_places.ts";
import { ContainerTaker, type TakerParts } from "./record_taker.ts";
import { Selection } from "./selection.ts";

/** Variable with the folder with the files of the host, for a container that has them elsewhere. */
const HOST_ROOT = "WASM_BPF_HOST_ROOT";
const MAX_MOUNTS_BYTES = 4 << 20;
/** `PROC_PID_INIT_INO`: numbers that programs see are those of this namespace. */
const FIRST_PROCESSES = 0xeffffffcn;
const MAX_RELEASE_BYTES = 256;
/** Names that a warning lists. */
const MAX_LISTED = 8;

/** Containers of one run. */
export class Containers {
  readonly #index: ContainerIndex;
  readonly #selection: Selection;
  readonly #fixed: readonly bigint[];
  readonly #look: TakerParts["fields"];
  readonly #hasProcesses: boolean;
  /** True if every selected container has a group of version 2, so that the kernel can filter. */
  readonly #hasGroups: boolean;
  readonly #release: string | undefined;
  #filter: KernelFilter | undefined;
  /** True if the object could filter in the kernel, but what is selected has no group of version 2. */
  #lacksGroups = false;
  #taker: ContainerTaker | undefined;

  /**
   * Reads what is there; before the thread is confined.
   *
   * @throws {UsageError} for a wrong value
   * @throws {HostError} `NO_CGROUP` for a control group that does not exist
   */
  constructor(line: ContainerLine) {
    const allowed = hostFiles.permit();
    if (allowed < 0) {
      throw new HostError("Cannot look at containers", { code: "EPERM" });
    }
    const hostRoot = (Deno.env.get(HOST_ROOT) ?? "").replace(/\/+$/, "");
    const mounts = mountsOf(hostRoot);
    this.#selection = new Selection(line, mounts);
    const root = mounts.get("");
    this.#index = new ContainerIndex(hostFiles, {
      selection: this.#selection,
      root,
      hostRoot,
      now: nowMs,
    });
    this.#fixed = this.#groupIds(root, mounts);
    this.#look = showsContainers(line) ? "shown" : selectsContainers(line) ? "absent" : "hidden";
    this.#hasProcesses = hostFiles.inode("/proc/self/ns/pid") === FIRST_PROCESSES;
    const release = hostFiles.read("/proc/sys/kernel/osrelease", MAX_RELEASE_BYTES);
    this.#release = release && new TextDecoder().decode(release).trim();
    this.#index.refresh();
    const hasVersion1 = [...mounts.keys()].some((name) => name !== "" && !name.includes("="));
    this.#hasGroups = root !== undefined &&
      this.#selection.groups.every(({ hierarchy }) => hierarchy === "") &&
      (!hasVersion1 || !this.#selection.hasNames ||
        this.#index.running.some(({ isWanted }) => isWanted));
  }

  /** Returns the ids of the groups that are named, where these are all that counts. */
  #groupIds(root: string | undefined, mounts: ReadonlyMap<string, string>): bigint[] {
    const ids = this.#selection.groups.map(({ hierarchy, path, text }) => {
      const place = hierarchy === "" ? root : mounts.get(hierarchy);
      const id = place === undefined ? undefined : hostFiles.inode(`${place}${path}`);
      if (id !== undefined) return id;
      throw new HostError(`Cannot use --cgroup "${text}": no such control group`, {
        code: "NO_CGROUP",
        hint: place === undefined
          ? "mount cgroup2 at /sys/fs/cgroup"
          : `pass a directory below ${place}, such as the path in /proc/PID/cgroup`,
      });
    });
    return this.#selection.hasNames ? [] : ids;
  }

  /** Returns a warning if nothing that is selected is there. */
  get warning(): string | undefined {
    if (!this.#selection.hasNames || this.#index.running.some(({ isWanted }) => isWanted)) {
      return undefined;
    }
    const names = new Set(this.#index.running.flatMap(({ names }) => names?.container ?? []));
    const listed = [...names].slice(0, MAX_LISTED).join(", ");
    const there = listed === "" ? "no container is known" : `containers: ${listed}`;
    return `warning: no container matches ${this.#selection.words} yet, waiting for it (${there})`;
  }

  /** Returns a warning about records that were left out, although they may be of a container. */
  get lossWarning(): string | undefined {
    const unknown = this.#taker?.unknown ?? 0;
    if (unknown === 0) return undefined;
    return `warning: ${
      formatCount(unknown, "record")
    } left out: nothing is known of the process, ` +
      "which has ended or is 0";
  }

  /** Returns values of an object's variables, and chooses who filters: the kernel if it can. */
  prepare(file: ObjectFile): ReturnType<KernelFilter["settings"]> {
    const values: VariableValue[] = groupIds(file);
    if (this.#selectsAll) return { values, maps: [] };
    const filterOf = (hasGroups: boolean) =>
      KernelFilter.of(file, this.#index, {
        ...{ fixed: this.#fixed, hasGroups },
        release: this.#release,
      });
    this.#filter = filterOf(this.#hasGroups);
    this.#lacksGroups = this.#filter === undefined && filterOf(true) !== undefined;
    const settings = this.#filter?.settings(file);
    return { values: [...values, ...settings?.values ?? []], maps: settings?.maps ?? [] };
  }

  /** True if nothing is left out: all processes are below a root group. */
  get #selectsAll(): boolean {
    return this.#selection.isEmpty ||
      (this.#fixed.length > 0 && this.#selection.groups.some(({ path }) => path === "/"));
  }

  /** Filter in the kernel, of an object that has one. */
  get filter(): KernelFilter | undefined {
    return this.#filter;
  }

  /**
   * Returns a taker that hands the records of what is selected to another one.
   *
   * @param options.mayLeaveOut true if {@linkcode Containers.settle} follows once all sources are open
   */
  over(inner: RecordTaker, options: { mayLeaveOut?: boolean } = {}): RecordTaker {
    const parts: TakerParts = {
      placesOf: (schema) => placeReader(schema, this.#index, { hasProcesses: this.#hasProcesses }),
      filters: !this.#selectsAll && this.#filter === undefined,
      fields: this.#look,
      refusal: (source) => this.#refusal(source),
    };
    return this.#taker = new ContainerTaker(inner, parts, options);
  }

  /**
   * Returns a warning about sources that are left out, since nothing is known of their processes.
   *
   * @throws {HostError} `NO_PROCESS` if no other source is left
   */
  settle(): string | undefined {
    const names = (this.#taker?.settle() ?? []).map((name) => `"${name}"`);
    if (names.length === 0) return undefined;
    return `warning: records of ${names.join(", ")} are left out: they have no process, ` +
      "so their container is not known";
  }

  #refusal(source: string): HostError {
    const hint = !this.#lacksGroups
      ? "remove --container, --pod and --cgroup, or use a tool whose records have a pid"
      : this.#selection.groups.some(({ hierarchy }) => hierarchy !== "")
      ? "pass a control group of version 2, by which the kernel can filter"
      : "start the container first: this host has control groups of version 1, " +
        "which its engine may use alone";
    return new HostError(`Cannot select containers: records of "${source}" have no process`, {
      code: "NO_PROCESS",
      hint,
    });
  }
}

/** Those of the host count: a container has a mount of its own, which begins at its own group. */
function mountsOf(hostRoot: string): Map<string, string> {
  const bytes = readKernelFile("/proc/self/mountinfo", { maxBytes: MAX_MOUNTS_BYTES });
  const lines = new TextDecoder().decode(bytes).split("\n");
  const isHosts = (line: string) => line.split(" ")[4]?.startsWith(`${hostRoot}/`) === true;
  const first = hostRoot === "" ? [] : lines.filter(isHosts);
  return groupMounts([...first, ...lines].join("\n"));
}
