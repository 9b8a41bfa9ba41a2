/** Door of the library: runs of plain objects without a command line. */
import { type Permissions, Policy } from "../../ebpf/mod.ts";
import type { RecordTaker } from "../../records/mod.ts";
import type { interruptible } from "../../runtime/command.ts";
import type { RunLine } from "../args/run_options.ts";
import { recordSettings } from "../records/settings.ts";
import { RunSettings } from "./run.ts";
import { Stacks } from "./stacks.ts";
import { tracedPid } from "./process_filter.ts";
import { readToolWords } from "./tool_options.ts";
import { unpacked } from "./unpack.ts";

type Interrupt = Parameters<Parameters<typeof interruptible>[1]>[0];

/** Value of a variable or option. */
export type SettingValue = string | number | bigint | boolean;

/** Options of a run; those of the command line, and with the same words. */
export interface EmbeddedOptions {
  /** Name of the object, for errors. */
  readonly name: string;
  /** Options of the object, which annotations or a package declare: `{ min_us: 5 }`. */
  readonly options?: Readonly<Record<string, SettingValue>>;
  /** Values of variables: `--set`. */
  readonly set?: Readonly<Record<string, SettingValue>>;
  /** Targets of programs: `--attach`. */
  readonly attach?: Readonly<Record<string, string | readonly string[]>>;
  /** Programs to load, or not to: `--only`, `--without`. */
  readonly only?: readonly string[];
  /** Programs to leave out. */
  readonly without?: readonly string[];
  /** Network interfaces of programs that have none: `--iface`. */
  readonly interfaces?: readonly string[];
  /** Types of records by map: `--event`. */
  readonly events?: Readonly<Record<string, string>>;
  /** Maps to read: `--map`. */
  readonly maps?: readonly string[];
  /** Milliseconds between two looks at maps; default: one look at the end. */
  readonly intervalMs?: number;
  /** True to delete the elements of maps at each look. */
  readonly clear?: boolean;
  /** Sizes of maps: `--map-size`. */
  readonly mapSizes?: Readonly<Record<string, number>>;
  /** Process to trace, where the object has a use for it: `--pid`. */
  readonly pid?: number;
  /** True if every program must be attached. */
  readonly requireAll?: boolean;
  /** Milliseconds that an event may be delivered later when events come fast; default: 1. */
  readonly latencyMs?: number;
  /** Limits of the kernel's resources. */
  readonly limits?: {
    readonly maxMapsMemory?: number;
    readonly maxPrograms?: number;
    readonly maxLinks?: number;
  };
  /** Permissions of its programs; default: as for guests. */
  readonly permissions?: Permissions;
}

/** Surroundings of a run. */
export interface EmbeddedRun {
  readonly taker: RecordTaker;
  readonly interrupt: Interrupt;
  /** Gets a line for what is left out, lost, or of another type. */
  readonly warn: (text: string) => void;
  /** Called when everything is attached; gets the sources that are opened by their first record. */
  readonly onAttached: (sources: readonly string[]) => void;
}

/**
 * Runs the object or package in some bytes until an interrupt or its end, and confines the calling
 * thread for good.
 *
 * @throws {HostError} as the command reports it
 */
export async function runEmbedded(
  bytes: Uint8Array<ArrayBuffer>,
  options: EmbeddedOptions,
  { taker, interrupt, warn, onAttached }: EmbeddedRun,
): Promise<void> {
  const line = lineOf(options);
  const tool = await unpacked(bytes, { name: options.name, line });
  const { values } = readToolWords(tool, wordsOf(options.options ?? {}));
  const command = undefined;
  const stacks = new Stacks(tool.file, {
    pid: tracedPid(line.values.pid, command),
    command,
    isAsked: false,
  });
  const settings = recordSettings(line);
  const run = { tool, line, types: [], warn, note: () => {} };
  for (const note of tool.notes) warn(`note: ${note}`);
  const plan = new RunSettings(run, { words: { values }, settings, command, stacks });
  const policy = new Policy(options.permissions ?? {});
  plan.runWithin(interrupt, {
    ...{ output: taker, policy, isAlone: false },
    onAttached: () => onAttached(plan.iterators),
  });
}

function wordsOf(options: Readonly<Record<string, SettingValue>>): string[] {
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

/** Returns the command line that has the same meaning. */
function lineOf(options: EmbeddedOptions): RunLine {
  const { set, attach, only, without, interfaces, events, maps, mapSizes, limits } = options;
  const pairs = (record: Readonly<Record<string, unknown>> = {}) =>
    Object.entries(record).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name}=${one}`)
    );
  const lists: RunLine["lists"] = {
    set: pairs(set),
    attach: pairs(attach),
    event: pairs(events),
    "map-size": pairs(mapSizes),
    ...(only === undefined ? {} : { only: [...only] }),
    ...(without === undefined ? {} : { without: [...without] }),
    ...(interfaces === undefined ? {} : { iface: [...interfaces] }),
    ...(maps === undefined ? {} : { map: [...maps] }),
  };
  const values = Object.fromEntries(
    Object.entries({
      pid: options.pid,
      interval: options.intervalMs === undefined ? undefined : `${options.intervalMs}ms`,
      latency: options.latencyMs === undefined ? undefined : `${options.latencyMs}ms`,
      "max-maps-memory": limits?.maxMapsMemory,
      "max-programs": limits?.maxPrograms,
      "max-links": limits?.maxLinks,
    }).flatMap(([name, value]) => value === undefined ? [] : [[name, `${value}`]]),
  );
  const flags = new Set<"clear" | "require-all">();
  if (options.clear === true) flags.add("clear");
  if (options.requireAll === true) flags.add("require-all");
  return { values, lists, flags, rest: [] };
}
