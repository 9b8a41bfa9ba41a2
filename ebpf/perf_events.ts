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
const HARDWARE: readonly string[] = [
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
const SOFTWARE: readonly string[] = [
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
  ["raw", { type: 4, names: [] as readonly string[] }],
]);

const FORM =
  "the target is TYPE:CONFIG@FREQUENCY[:CPU]: hardware, software or raw; the event's name or number; times a second, " +
  'such as "software:cpu-clock@99" or "hardware:cpu-cycles@1000:0"';

const MAX_U64 = 2n ** 64n - 1n;

/**
 * Reads `TYPE` or `TYPE:CONFIG` of a permission, as numbers and patterns, such as `1:0`.
 *
 * @throws {TargetSyntaxError}
 */
export function perfEventNumbers(target: string): string {
  const [typeName = "", config, ...rest] = target.split(":");
  const kind = TYPES.get(typeName);
  if (kind === undefined || rest.length > 0) {
    throw new TargetSyntaxError(
      `the types of perf events are ${[...TYPES.keys()].join(", ")}`,
      FORM,
    );
  }
  if (config === undefined || config === "*") return `${kind.type}:*`;
  return `${kind.type}:${configOf(kind, config, typeName)}`;
}

function configOf(
  { names }: { names: readonly string[] },
  text: string,
  typeName: string,
): bigint {
  const named = names.indexOf(text);
  if (named >= 0) return BigInt(named);
  if (!/^\d/.test(text)) {
    const known = names.join(", ") || "numbers only";
    throw new TargetSyntaxError(`the ${typeName} events are: ${known}`, FORM);
  }
  return wholeNumber(text, "event", { min: 0n, max: MAX_U64 }, FORM);
}

/** @throws {TargetSyntaxError} */
export function parsePerfEvent(target: string): PerfEvent {
  const match = /^([a-z]+):([^:@]+)@([^:@]+)(?::([^:@]+))?$/.exec(target);
  if (match === null) throw new TargetSyntaxError("not a perf event", FORM);
  const [, typeName = "", configText = "", frequencyText = "", cpuText] = match;
  const kind = TYPES.get(typeName);
  if (kind === undefined) throw new TargetSyntaxError("unknown type of perf event", FORM);
  const config = configOf(kind, configText, typeName);
  const range = { min: 1n, max: 2n ** 31n - 1n };
  const frequency = wholeNumber(frequencyText, "frequency", range, FORM);
  const event = { type: kind.type, config, frequency };
  if (cpuText === undefined) return event;
  const cpu = wholeNumber(cpuText, "CPU", { min: 0n, max: 65535n }, FORM);
  return { ...event, cpu: Number(cpu) };
}
