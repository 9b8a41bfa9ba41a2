/**
 * Capabilities of a run and of the process that keeps it running: those that the run needs on this
 * machine, and no others.
 */
import { supervision } from "../../runtime/supervision.ts";
import {
  capabilitiesFor,
  type Capability,
  capabilityNames,
  type Definition,
  readProc,
  RunsError,
} from "../../service/mod.ts";
import { wantsLive } from "../args/live_options.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { thisMachine } from "./machine.ts";
import { type InspectedRun, needsOfRun } from "./run_needs.ts";

/** Returns the capabilities that a run needs on this machine. */
export function capabilitiesOf(run: InspectedRun): Capability[] {
  return capabilitiesFor(needsOfRun(run, thisMachine()));
}

/** Reports whether capabilities of this process can be given up: those of root alone are. */
function isBounded(): boolean {
  return Deno.uid() === 0;
}

/**
 * Takes from this process all capabilities that it does not need.
 *
 * @returns those that it has given up
 */
export function keepCapabilities(needed: bigint): bigint {
  if (!isBounded()) return 0n;
  const before = supervision.boundingCapabilities();
  // Without CAP_SETPCAP, as in a container, it has what the container gives.
  if ((before & ~needed) !== 0n) supervision.boundCapabilities(needed);
  return before & ~supervision.boundingCapabilities();
}

/** Reports whether a supervisor has the given capabilities, as far as it could get them, and no others. */
export function hasCapabilities(pid: number, needed: bigint): boolean {
  if (!isBounded()) return true;
  const bits = /^CapBnd:\s*([0-9a-f]{1,16})$/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1];
  // It has ended.
  if (bits === undefined) return true;
  return capabilitiesFrom(bits) === (supervision.boundingCapabilities() & needed);
}

/** Makes the kernel count runs of programs for runs that report them, while it may be requested. */
export function holdStatistics(definitions: readonly Definition[]): void {
  const reports = definitions.some(({ words }) => {
    const line = parseCommandLine([...words], RUN_OPTIONS);
    return line.values.stats !== undefined || wantsLive(line);
  });
  // A failure is reported by the run.
  if (reports) supervision.holdStatistics();
}

/**
 * Checks that a run has what it needs, before it starts.
 *
 * @param givenUp bits that its supervisor has given up
 * @throws {RunsError} `CAPABILITY`
 */
export function checkCapabilities(
  { name, file }: Definition,
  { needed, givenUp }: { needed: bigint; givenUp: bigint },
): void {
  const missing = capabilityNames(needed & givenUp);
  if (missing.length === 0) return;
  throw new RunsError(
    `Cannot start run "${name}": it needs ${missing.join(", ")} now, ` +
      "which the process that keeps it running gave up at its start",
    {
      code: "CAPABILITY",
      hint: file === undefined
        ? `run wasm-bpf restart ${name}`
        : "restart wasm-bpf up, or its unit: systemctl restart",
    },
  );
}

/** Returns bits as a word of a command line. */
export function capabilityWord(bits: bigint): string {
  return bits.toString(16);
}

/** Reads bits from a word of a command line. */
export function capabilitiesFrom(word: string): bigint {
  return /^[0-9a-f]{1,16}$/.test(word) ? BigInt(`0x${word}`) : 0n;
}
