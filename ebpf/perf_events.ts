/** Perf events by name: `TYPE:CONFIG@FREQUENCY[:CPU]`. */
import { TargetSyntaxError, wholeNumber } from "./target_parts.ts";

/** Arguments of perf_event_open(2). */
export interface PerfEvent {
  /** `PERF_TYPE_*` of `linux/perf_event.h`. */
  type: number;
  config: bigint;
  /** Times a second. */
  frequency: bigint;
  /** Every CPU without one. */
  cpu?: number;
}

/** `enum perf_hw_id`. */
const HARDWARE = [
  "cpu-cycles",
  "instructions",
  "cache-references",
  "cache-misses",
  "branch-instructions",
  "branch-misses",
  "bus-cycles",
  "stalled-cycles-frontend",
  "stalled-cycles-backend",
  "ref-cycles",
];

/** `enum perf_sw_ids`. */
const SOFTWARE = [
  "cpu-clock",
  "task-clock",
  "page-faults",
  "context-switches",
  "cpu-migrations",
  "minor-faults",
  "major-faults",
  "alignment-faults",
  "emulation-faults",
];

/** By name: `PERF_TYPE_*`, and the events that have names. */
const TYPES = new Map([
  ["hardware", { type: 0, names: HARDWARE }],
  ["software", { type: 1, names: SOFTWARE }],
  ["raw", { type: 4, names: [] as string[] }],
]);

const FORM =
  "the target is TYPE:CONFIG@FREQUENCY[:CPU]: hardware, software or raw; the event's name or number; times a second, " +
  'such as "software:cpu-clock@99" or "hardware:cpu-cycles@1000:0"';

const MAX_U64 = 2n ** 64n - 1n;

/** @throws {TargetSyntaxError} */
export function parsePerfEvent(target: string): PerfEvent {
  const match = /^([a-z]+):([^:@]+)@([^:@]+)(?::([^:@]+))?$/.exec(target);
  if (match === null) throw new TargetSyntaxError("not a perf event", FORM);
  const [, typeName = "", configText = "", frequencyText = "", cpuText] = match;
  const kind = TYPES.get(typeName);
  if (kind === undefined) throw new TargetSyntaxError("unknown type of perf event", FORM);
  const named = kind.names.indexOf(configText);
  if (named < 0 && !/^\d/.test(configText)) {
    const names = kind.names.join(", ") || "numbers only";
    throw new TargetSyntaxError(`the ${typeName} events are: ${names}`, FORM);
  }
  const config = named >= 0
    ? BigInt(named)
    : wholeNumber(configText, "event", { min: 0n, max: MAX_U64 }, FORM);
  const range = { min: 1n, max: 2n ** 31n - 1n };
  const frequency = wholeNumber(frequencyText, "frequency", range, FORM);
  const event = { type: kind.type, config, frequency };
  if (cpuText === undefined) return event;
  const cpu = wholeNumber(cpuText, "CPU", { min: 0n, max: 65535n }, FORM);
  return { ...event, cpu: Number(cpu) };
}
