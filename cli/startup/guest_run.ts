/** Runs a compiled module with the options of a command line. */
import {
  anticipate,
  type CommandOptions,
  type Features,
  type GuestModule,
  type GuestRecords,
  type GuestStats,
  interruptible,
  runGuest,
  wasLoadCut,
} from "../../runtime/command.ts";
import { auditRun, grantedSet } from "./audit.ts";
import { parseDuration, parseLatency } from "../terminal/duration.ts";
import type { LiveSink } from "./figures.ts";
import { kernelLimitsOf } from "../args/kernel_limits.ts";
import { lossWarnings, remainWarnings } from "../terminal/warnings.ts";
import { misplacedOption } from "../args/mistakes.ts";
import { formatError, printError, visibleLine } from "../terminal/output.ts";
import type { Permissions } from "../../ebpf/mod.ts";
import { permissionsOf } from "../args/permissions.ts";
import type { RunLine } from "../args/run_options.ts";
import { NotGrantedError } from "../errors.ts";
import type { Admission, Refused } from "../permissions/mod.ts";

/** Exit code after `--timeout`, as in timeout(1). */
const EXIT_TIMED_OUT = 124;

/** Parts of a run in addition to its command line. */
export interface RunParts {
  features: Features;
  /** Format of `--stats`, if given. */
  formatStats?: ((stats: GuestStats & { permissions?: unknown }) => string) | undefined;
  /** Takes records that the guest emits. */
  records?: GuestRecords | undefined;
  /** Called before the process ends by a signal that the guest took no notice of. */
  onIgnoredSignal?: (() => void) | undefined;
  /** Grants and limits of the guest. */
  grants?: Pick<CommandOptions, "env" | "preopens" | "listen" | "stdio" | "limits">;
  /** Decision about a module from elsewhere; a local file has none. */
  admission?: Admission | undefined;
  /** Gets the guest's figures and errors while it runs, at an interval. */
  live?: LiveSink | undefined;
  /** Permissions of a local file with bounds of policies; default: those of the command line. */
  permissions?: Permissions | undefined;
}

/**
 * Runs `guest` with `line.rest` as its arguments, the first of them its name.
 *
 * @returns the guest's exit code
 * @throws {UsageError} for an invalid duration, before anything runs
 */
export function runOnCommandLine(guest: GuestModule, line: RunLine, parts: RunParts): number {
  const { features, formatStats, grants, admission, records, live } = parts;
  const timeoutMs = timeoutOf(line);
  const limits = { ...grants?.limits, ...kernelLimitsOf(line) };
  const permissions = admission?.permissions ?? parts.permissions ?? permissionsOf(line);
  const verbose = line.flags.has("verbose");
  const wrapperModule = line.values["wrapper-module-name"];
  const callbackExport = line.values["callback-export-name"];
  const latencyMs = parseLatency(line.values.latency ?? "1ms", "--latency");
  anticipate(guest);
  const unlogged = auditRun(guest, permissions, { origin: admission?.origin });
  if (unlogged !== undefined && verbose) printError(visibleLine(`note: ${unlogged}`));
  let printed = 0;
  const code = interruptible(
    { timeoutMs, attendUsr1: formatStats !== undefined, endsBySignal: true },
    (interrupt) => {
      const code = runGuest(guest, {
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
        ...(records === undefined ? {} : { records }),
        countPrograms: formatStats !== undefined || live !== undefined,
        ...(live === undefined ? {} : { statsEveryMs: live.everyMs }),
        onStats: (stats) => {
          if (stats.final) {
            const warnings = [...lossWarnings(stats), ...remainWarnings(stats)];
            warnings.forEach((text) => printError(visibleLine(text)));
          }
          live?.figures(stats);
          // Attention may have been requested by the clock alone.
          const isAsked = interrupt.attentions !== printed;
          printed = interrupt.attentions;
          if (formatStats !== undefined && (stats.final || isAsked)) {
            const holding = grantedSet(admission?.permissions ?? permissions);
            printError(formatStats({ ...stats, permissions: holding }));
          }
        },
        args: line.rest,
        onError: (error) => {
          live?.error(error);
          printError(formatError(error, { verbose }));
        },
        onNotice: (text) => {
          if (verbose) printError(visibleLine(`note: ${text}`));
        },
        ...(wrapperModule === undefined ? {} : { wrapperModule }),
        ...(callbackExport === undefined ? {} : { callbackExport }),
      }, features);
      if (interrupt.ignoredSignal !== 0) parts.onIgnoredSignal?.();
      return code;
    },
  );
  const misplaced = misplacedOption(code, line.rest);
  if (misplaced !== undefined) printError(visibleLine(`hint: ${misplaced}`));
  // The guest saw a failed load and may have exited with any code.
  return wasLoadCut() ? EXIT_TIMED_OUT : code;
}

/**
 * Returns an admitted decision.
 *
 * @throws {NotGrantedError}
 */
export function admitted<T extends object>(decision: T | Refused): T {
  if (!("refused" in decision)) return decision;
  const { message, ...rest } = decision.refused;
  throw new NotGrantedError(message, rest);
}

/**
 * Returns the milliseconds of `--timeout`, if given.
 *
 * @throws {UsageError} for an invalid duration
 */
export function timeoutOf({ values: { timeout } }: RunLine): number | undefined {
  return timeout === undefined ? undefined : parseDuration(timeout, "--timeout");
}

/**
 * Adds the terminal's width as a variable, since WASI has no call for it; only if the guest's standard
 * output is the terminal.
 */
function withWidth(grants: RunParts["grants"]): Record<string, string> {
  const env = grants?.env ?? {};
  const { stdout = "inherit" } = grants?.stdio ?? {};
  if ("COLUMNS" in env || stdout !== "inherit" || !Deno.stdout.isTerminal()) return env;
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? Object.assign(Object.create(null), env, { COLUMNS: `${columns}` }) : env;
  } catch {
    return env;
  }
}
