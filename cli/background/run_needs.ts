/** Needs of one run, from its module and options: they decide which capabilities it has. */
import { Buffer } from "node:buffer";
import { BtfError, ElfError } from "../../ebpf/btf/mod.ts";
import { inspectObject, type ObjectFacts, type ProgramFacts } from "../../ebpf/inspection/mod.ts";
import { DEFAULT_LEVELS, type Level, LEVELS } from "../../ebpf/permissions/mod.ts";
import { contentKind } from "../../oci/content_kind.ts";
import type { Definition, RunNeeds } from "../../service/mod.ts";
import { wantsContainers } from "../args/container_options.ts";
import { parseCommandLine } from "../args/options.ts";
import { permissionsOf } from "../args/permissions.ts";
import { RUN_OPTIONS, type RunLine } from "../args/run_options.ts";
import { embeddedObjects } from "../module/bpf_objects.ts";
import { loadsObjects } from "../module/module_facts.ts";
import type { Machine } from "./machine.ts";

/** Definition of a run, and what it runs: a module, or the object of a package. */
export interface InspectedRun {
  readonly definition: Definition;
  /** Undefined if it was not found. */
  readonly object: Uint8Array<ArrayBuffer> | undefined;
}

/** Needs of a run, and the facts that other walls depend on. */
export interface InspectedNeeds extends RunNeeds {
  /** True if programs change what others see: a level from network on. */
  readonly control: boolean;
}

/** Facts about a run without its definition. */
interface Parts {
  readonly line: RunLine;
  readonly args: readonly string[];
  readonly objects: readonly ObjectFacts[];
  readonly machine: Machine;
  /** True for a WebAssembly module, which chooses the places of its programs when it runs. */
  readonly isGuest: boolean;
  /** Reports whether the module has a text. */
  readonly has: (text: string) => boolean;
}

const NETWORK = LEVELS.indexOf("network");
/** Levels that every module from elsewhere may use. */
const FREE_LEVELS: readonly Level[] = ["observe", "inspect"];

/** Program types that are loaded or attached with CAP_NET_ADMIN. */
const NETWORK_TYPES =
  /^(socket_filter|sched_(cls|act)|xdp|cgroup_\w+|lwt_\w+|sock_ops|sk_\w+|lirc_mode2|flow_dissector|netfilter|struct_ops)$/;
/** Maps that are made with it. */
const NETWORK_MAPS = /^(dev_?map(_hash)?|xsk_?map|cpu_?map|sock_?(map|hash))$/;
const LSM_CGROUP = /^\??lsm_cgroup\b/;

/** Sections of probes in processes whose places are perf events, not links of several. */
const USER_PROBE = /^\??(u(ret)?probe|usdt)(\.s)?(\/|$)/;
/** Sections that libbpf finds functions for in /proc/kallsyms. */
const KERNEL_PROBE = /^\??k(ret)?(probe|syscall)\b/;
/** Programs whose targets are found in the kernel's types. */
const TYPED = /^\??(fentry|fexit|fmod_ret|fsession|tp_btf)\b/;

const STACKS = /^bpf_get_(task_)?stack(id)?(_|$)/;
const PRINTS = /^bpf_trace_v?printk$/;
/** Texts of annotations, formats and schemas. */
const KERNEL_NAMES = ["ksym", "kstack"];
const USER_NAMES = ["usym", "ustack"];
const NAMESPACES = ["mntns", "mnt_ns", "mount_ns"];

/**
 * Returns the needs of a run.
 *
 * What cannot be inspected could do everything that its permissions allow; so can a module that names a
 * level, since it may make objects when it runs.
 */
export function needsOfRun(
  { definition, object }: InspectedRun,
  machine: Machine,
): InspectedNeeds {
  const line = parseCommandLine([...definition.words], RUN_OPTIONS);
  const [, ...args] = line.rest;
  const objects = object === undefined ? undefined : objectsOf(object);
  const isGuest = object !== undefined && contentKind(object) === "module";
  const options = {
    writes: writablePaths(definition).length > 0,
    listens: listensLow(line),
    locksMaps: machine.isOlder(5, 11),
  };
  // A traced command is the user's own, and nothing is known of it.
  const hasCommand = !isGuest && args.includes("--");
  if (objects === undefined || hasCommand) {
    const isMore = levelsOf(line, definition).some((level) => LEVELS.indexOf(level) >= NETWORK);
    const more = { processes: true, symbols: true, buffers: true, system: true };
    return { ...options, ...more, network: isMore || hasCommand, control: isMore };
  }
  const has = (text: string) => object !== undefined && asBuffer(object).includes(text);
  const parts: Parts = { line, args, objects, machine, isGuest, has };
  const named = isGuest ? permissionsOf(line).allowBpf ?? [] : [];
  const isNamed = named.some((level) => LEVELS.indexOf(level) >= NETWORK);
  return {
    ...options,
    control: isNamed || objects.some(({ level }) => LEVELS.indexOf(level) >= NETWORK),
    network: isNamed || objects.some(usesNetwork),
    processes: looksIntoProcesses(parts),
    symbols: looksUpAddresses(parts),
    buffers: objects.some(({ maps }) => maps.some(({ type }) => /^perf_event_array$/.test(type))),
    system: named.includes("write") || usesSystem(parts),
  };
}

/** Returns the objects of a module; undefined where they cannot be known. */
function objectsOf(bytes: Uint8Array<ArrayBuffer>): ObjectFacts[] | undefined {
  const kind = contentKind(bytes);
  if (kind !== "module" && kind !== "elf") return undefined;
  try {
    const { objects, isComplete } = embeddedObjects(bytes);
    if (!isComplete || (objects.length === 0 && loadsObjects(bytes))) return undefined;
    const facts = objects.map((object) => inspectObject(object));
    const isKnown = facts.every(({ programs }) => programs.every(({ type }) => type !== "unknown"));
    return isKnown ? facts : undefined;
  } catch (error) {
    if (error instanceof ElfError || error instanceof BtfError) return undefined;
    throw error;
  }
}

function levelsOf(line: RunLine, { digest, words }: Definition): Level[] {
  const { allowBpf = [], denyBpf = [], strict } = permissionsOf(line);
  const [word = ""] = words.slice(words.indexOf("--") + 1);
  // Tools of the box have no digest, and files are absolute.
  const isForeign = digest !== undefined && !word.startsWith("/");
  const usual = strict ? [] : isForeign ? FREE_LEVELS : DEFAULT_LEVELS;
  return [...usual, ...allowBpf].filter((level) => !denyBpf.some((denied) => denied === level));
}

function usesNetwork({ programs, maps }: ObjectFacts): boolean {
  return maps.some(({ type }) => NETWORK_MAPS.test(type)) ||
    programs.some(({ type, section, levels }) =>
      NETWORK_TYPES.test(type) || LSM_CGROUP.test(section) || levels.includes("network")
    );
}

function programsOf({ objects }: Parts): readonly ProgramFacts[] {
  return objects.flatMap(({ programs }) => programs);
}

/** Places of programs on the command line. */
function placesOf({ line }: Parts): string[] {
  return (line.lists?.attach ?? []).map((text) => text.slice(text.indexOf("=") + 1));
}

function takesStacks(parts: Parts): boolean {
  return programsOf(parts).some(({ helpers }) => helpers.some((name) => STACKS.test(name)));
}

/** Reports whether an option, or a text of the module, gives a field one of these formats. */
function formatsAs({ line, has }: Parts, names: readonly string[]): boolean {
  return names.some((name) =>
    has(name) || (line.lists?.as ?? []).some((text) => text.includes(name))
  );
}

function looksIntoProcesses(parts: Parts): boolean {
  const { line, args, has } = parts;
  return line.values.pid !== undefined || args.some((word) => /^(-p|--pid)/.test(word)) ||
    placesOf(parts).some((place) => place.includes("/proc/")) ||
    takesStacks(parts) || formatsAs(parts, USER_NAMES) ||
    // A filter by mount namespaces needs the numbers of those of the containers' processes.
    (wantsContainers(line) && NAMESPACES.some(has)) ||
    // Sockets of a congestion control are looked for.
    programsOf(parts).some(({ type }) => type === "struct_ops");
}

function looksUpAddresses(parts: Parts): boolean {
  return takesStacks(parts) || formatsAs(parts, KERNEL_NAMES) || formatsAs(parts, USER_NAMES) ||
    placesOf(parts).some((place) => KERNEL_PROBE.test(place)) ||
    programsOf(parts).some(({ section, variables }) =>
      KERNEL_PROBE.test(section) || variables.length > 0
    );
}

function usesSystem(parts: Parts): boolean {
  const { machine, isGuest } = parts;
  const places = placesOf(parts);
  return machine.isOlder(5, 8) || places.some((place) => /^(u(ret)?probe|usdt)\b/.test(place)) ||
    (!machine.hasTracefs && places.some((place) => /^(tp|tracepoint)\b/.test(place))) ||
    programsOf(parts).some((program) => {
      const { type, section, target, helpers, kfuncs, levels } = program;
      const isProbe = USER_PROBE.test(section) || (isGuest && type === "kprobe");
      const wantsTracefs = type === "tracepoint" || /multi|session/.test(section) ||
        helpers.some((name) => PRINTS.test(name));
      const typed = TYPED.test(section) && target !== undefined
        ? [/^\??tp_btf\b/.test(section) ? `btf_trace_${target}` : target]
        : [];
      return isProbe || type === "struct_ops" || levels.includes("write") ||
        (!machine.hasTracefs && wantsTracefs) ||
        [...typed, ...kfuncs].some((name) => machine.isOfModule(name));
    });
}

/** Reports whether the run listens at a port below 1024. */
function listensLow({ values, lists }: RunLine): boolean {
  const isLow = (text: string | undefined) => {
    const port = Number(/(?:^|:)(\d{1,5})$/.exec(text ?? "")?.[1] ?? 0);
    return port > 0 && port < 1024;
  };
  return (lists?.listen ?? []).length > 0 || isLow(values.metrics) || isLow(values.web);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Returns directories of files that sinks and grants write. */
export function writablePaths({ words, cwd }: Definition): string[] {
  const absolute = (path: string) => path.startsWith("/") ? path : `${cwd}/${path}`;
  return words.slice(0, words.indexOf("--")).flatMap((word) => {
    const [, file] = /^--(?:output=[a-z]+|stdout|stderr)=(.+)$/s.exec(word) ?? [];
    if (file !== undefined) {
      return file === "null" ? [] : [absolute(file).replace(/\/[^/]*$/, "") || "/"];
    }
    const [, folder] = /^--dir=(.+?)(?:::.*)?$/s.exec(word) ?? [];
    return folder === undefined || word.endsWith("::ro") ? [] : [absolute(folder)];
  });
}
