/** Runs a compiled module as a command line says. */
import {
  anticipate,
  type CommandOptions,
  type Features,
  type GuestModule,
  type GuestStats,
  interruptible,
  runGuest,
  wasLoadCut,
} from "../../runtime/command.ts";
import { parseDuration, parseLatency } from "../args/duration.ts";
import { kernelLimitsOf } from "../args/kernel_limits.ts";
import { lossWarnings } from "../terminal/loss_warnings.ts";
import { remainWarnings } from "../terminal/remain_warnings.ts";
import { misplacedOption } from "../args/misplaced_option.ts";
import { formatError, printError, visibleLine } from "../terminal/output.ts";
import { permissionsOf } from "../args/permissions.ts";
import type { RunLine } from "../args/run_options.ts";
import { NotGrantedError } from "../errors.ts";
import type { Admission, Refused } from "../permissions/mod.ts";

/** timeout(1)'s code for a command that was ended because its time was over. */
const EXIT_TIMED_OUT = 124;

/** What a run takes beside its command line. */
export interface RunParts {
  features: Features;
  /** How `--stats` prints, where it is given. */
  formatStats?: ((stats: GuestStats) => string) | undefined;
  /** What the guest is given, and its limits. */
  grants?: Pick<CommandOptions, "env" | "preopens" | "listen" | "stdio" | "limits">;
  /** Decision about a module from elsewhere; a local file has none. */
  admission?: Admission | undefined;
}

/**
 * Runs `guest` with `line.rest` as its arguments, the first of them its name.
 *
 * @returns the guest's exit code
 * @throws {UsageError} for a duration that is none, before anything runs
 */
export function runOnCommandLine(guest: GuestModule, line: RunLine, parts: RunParts): number {
  const { features, formatStats, grants, admission } = parts;
  const timeoutMs = timeoutOf(line);
  const limits = { ...grants?.limits, ...kernelLimitsOf(line) };
  const permissions = admission?.permissions ?? permissionsOf(line);
  const verbose = line.flags.has("verbose");
  const wrapperModule = line.values["wrapper-module-name"];
  const callbackExport = line.values["callback-export-name"];
  const latencyMs = parseLatency(line.values.latency ?? "1ms", "--latency");
  anticipate(guest);
  const code = interruptible(
    { timeoutMs, attendUsr1: formatStats !== undefined, endsBySignal: true },
    (interrupt) =>
      runGuest(guest, {
        ...grants,
        env: withWidth(grants),
        limits,
        interrupt,
        requireLandlock: line.flags.has("require-landlock"),
        permissions,
        ...(admission === undefined ? {} : {
          onObject: (bytes) => admitted(admission.admitObject(bytes, () => interrupt.signal !== 0)),
        }),
        latencyMs,
        countPrograms: formatStats !== undefined,
        onStats: (stats) => {
          if (stats.final) {
            const warnings = [...lossWarnings(stats), ...remainWarnings(stats)];
            warnings.forEach((text) => printError(visibleLine(text)));
          }
          if (formatStats !== undefined) printError(formatStats(stats));
        },
        args: line.rest,
        onError: (error) => printError(formatError(error, { verbose })),
        onNotice: (text) => {
          if (verbose) printError(visibleLine(`note: ${text}`));
        },
        ...(wrapperModule === undefined ? {} : { wrapperModule }),
        ...(callbackExport === undefined ? {} : { callbackExport }),
      }, features),
  );
  const misplaced = misplacedOption(code, line.rest);
  if (misplaced !== undefined) printError(visibleLine(`hint: ${misplaced}`));
  // The guest saw a load that failed, and may have ended with anything.
  return wasLoadCut() ? EXIT_TIMED_OUT : code;
}

/**
 * Returns what was admitted.
 *
 * @throws {NotGrantedError}
 */
export function admitted<T extends object>(decision: T | Refused): T {
  if (!("refused" in decision)) return decision;
  const { message, ...rest } = decision.refused;
  throw new NotGrantedError(message, rest);
}

/**
 * Milliseconds of `--timeout`, if it is given.
 *
 * @throws {UsageError} for a duration that is none
 */
export function timeoutOf({ values: { timeout } }: RunLine): number | undefined {
  return timeout === undefined ? undefined : parseDuration(timeout, "--timeout");
}

/**
 * Adds the terminal's width, which WASI has no call for: the one variable that a guest gets unasked, and
 * only where its standard output is the terminal.
 */
function withWidth(grants: RunParts["grants"]): Record<string, string> {
  const env = grants?.env ?? {};
  if ("COLUMNS" in env || grants?.stdio?.stdout !== undefined || !Deno.stdout.isTerminal()) {
    return env;
  }
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? Object.assign(Object.create(null), env, { COLUMNS: `${columns}` }) : env;
  } catch {
    return env;
  }
}
