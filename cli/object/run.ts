/** Runs a plain eBPF object: loads and attaches it, and shows what it finds, until its end. */
import { BpfError, type Permissions, Policy, settle } from "../../ebpf/mod.ts";
import {
  mapSettings,
  parseMapSize,
  type PlainSession,
  planRun,
  startCommand,
  startSession,
  type TracedCommand,
  TypeFinder,
} from "../../ebpf/plain/mod.ts";
import { enterSandbox, interruptible, wasLoadCut } from "../../runtime/command.ts";
import { parseLatency } from "../terminal/duration.ts";
import { kernelLimitsOf } from "../args/kernel_limits.ts";
import { mergedLine, splitWords } from "../args/after_name.ts";
import { wantsContainers } from "../args/container_options.ts";
import { wantsLive } from "../args/live_options.ts";
import type { RunLine } from "../args/run_options.ts";
import { refuseModuleOptions } from "../args/unused_options.ts";
import { UsageError } from "../errors.ts";
import { auditRun } from "../startup/audit.ts";
import { timeoutOf } from "../startup/guest_run.ts";
import { statsFormat } from "../terminal/stats.ts";
import type { Origin } from "../../oci/stored.ts";
import { printError, visible, visibleLine } from "../terminal/output.ts";
import { remainWarnings } from "../terminal/warnings.ts";
import { print } from "../terminal/output_file.ts";
import { checkReader } from "../terminal/reader.ts";
import { openRecordOutput, type RecordOutput } from "../records/output.ts";
import type { RecordTaker } from "../../records/mod.ts";
import type { RunScreen } from "../records/screen.ts";
import type { LiveSink } from "../startup/figures.ts";
import type { LiveRun } from "../live/live_run.ts";
import { type RecordSettings, recordSettings } from "../records/settings.ts";
import type { Containers } from "../containers/mod.ts";
import { OpenSources } from "./open_sources.ts";
import { ownPids } from "./own_pid.ts";
import { hintsOf, leftOut, listedNames, placeHints, placesOf, tablesOf } from "./places.ts";
import { processFilter, tracedPid } from "./process_filter.ts";
import { Sources } from "./sources.ts";
import { ObjectStatistics } from "./statistics.ts";
import {
  plainSyntax,
  readSettings,
  readToolWords,
  toolHelp,
  type ToolWords,
} from "./tool_options.ts";
import { Stacks } from "./stacks.ts";
import { idleText, waitingText } from "./waiting_note.ts";
import type { Tool } from "./tool.ts";

type Interrupt = Parameters<Parameters<typeof interruptible>[1]>[0];

/** Descriptor of standard output. */
const STDOUT = 1;
/** The code of timeout(1). */
const EXIT_TIMED_OUT = 124;
/** Time for the last tables after `--timeout`: their stacks are looked up in many files. */
const FINISH_MS = 60_000;

/** Permissions of an object, and where it is from unless it is a local file. */
export interface Granted {
  readonly permissions: Permissions;
  readonly origin?: Origin | undefined;
}

/** Tool to run, with the options of the run. */
export interface RunRequest {
  readonly tool: Tool;
  readonly line: RunLine;
  /** Files of `--types`. */
  readonly types: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
  /** Gets warnings, each a line; default: standard error. */
  readonly warn?: (text: string) => void;
  /** Gets what libbpf reports of a load that succeeds; default: standard error, with `--verbose`. */
  readonly note?: (text: string) => void;
}

/**
 * Starts a run in the background.
 *
 * @param line the command line, with the options of ours that stand after the tool's name
 * @param words the other words after it
 */
export type Detach = (
  line: RunLine,
  permissions: Permissions | undefined,
  words: readonly string[],
) => Promise<number>;

/** A tool to run for a command line. */
export interface ObjectRun extends RunRequest {
  /** Words after the tool's name. */
  readonly words: readonly string[];
  readonly grant: (line: RunLine, object: Uint8Array<ArrayBuffer>) => Promise<Granted>;
  /** Starts the run in the background; absent where it is supervised already. */
  readonly detach?: Detach;
}

/**
 * Runs a tool.
 *
 * @returns its exit code: 0, or that of the traced command
 */
export async function runObject(run: ObjectRun): Promise<number> {
  const { tool } = run;
  const { own, ours } = splitWords(plainSyntax(tool), run.words);
  const words = readToolWords(tool, own);
  if (words.wantsHelp) return answer(toolHelp(tool));
  if (words.wantsVersion && tool.version !== undefined) return answer(tool.version);
  const names = listedNames(tool, words.values);
  if (names !== undefined) return answer(names);
  const line = mergedLine(run.line, ours);
  const formatStats = statsFormat(line.values.stats);
  if (words.command?.length === 0) throw new UsageError("No command given after --");
  refuseModuleOptions(line);
  const settings = recordSettings(line);
  const { permissions, origin } = await run.grant(line, tool.file.bytes);
  const policy = new Policy(permissions);
  // Made before anything is opened, and waits: its number can be the value of a variable.
  using command = words.command === undefined ? undefined : startCommand(words.command);
  const stacks = new Stacks(tool.file, {
    pid: tracedPid(line.values.pid, command?.pid),
    command: command?.pid,
    isAsked: settings.formats.some(({ format }) => /^([ku]stack|[ku]sym)$/.test(format.name)),
  });
  const containers = wantsContainers(line) ? await openContainers(line) : undefined;
  const plan = new RunSettings(
    { ...run, line },
    { words, settings, command, stacks, containers },
  );
  if (run.detach !== undefined && line.flags.has("detach")) {
    return await run.detach(line, origin === undefined ? undefined : permissions, own);
  }
  if (containers?.warning !== undefined) printError(visibleLine(containers.warning));
  for (const note of tool.notes) printError(visibleLine(`note: ${note}`));
  const live = wantsLive(line) ? await startLive(line, tool.name, settings) : undefined;
  using output = await openRecordOutput(settings, {
    more: stacks.isUsed ? stacks.resolvers : {},
    feed: live?.sink,
    // The command reads the terminal.
    keys: command === undefined,
    timeout: line.values.timeout,
  });
  const unlogged = auditRun({ bytes: tool.file.bytes, name: tool.name }, permissions, { origin });
  if (unlogged !== undefined && line.flags.has("verbose")) {
    printError(visibleLine(`note: ${unlogged}`));
  }
  let code: number | undefined;
  try {
    code = plan.run(output, { policy, live, formatStats });
    return code;
  } catch (error) {
    live?.error(error);
    throw error;
  } finally {
    if (containers?.lossWarning !== undefined) printError(containers.lossWarning);
    await live?.end(code);
  }
}

async function openContainers(line: RunLine): Promise<Containers> {
  const { Containers } = await import("../containers/mod.ts");
  return new Containers(line);
}

async function startLive(line: RunLine, name: string, settings: RecordSettings): Promise<LiveRun> {
  const { LiveRun } = await import("../live/live_run.ts");
  const symbols = settings.formats.some(({ format }) => format.name === "ksym");
  return await LiveRun.start(line, name, { symbols });
}

function answer(text: string): number {
  print(visible(text));
  return 0;
}

/** Parts of a run in addition to its command line. */
interface RunParts {
  readonly policy: Policy;
  readonly live: LiveSink | undefined;
  /** Format of `--stats`, if given. */
  readonly formatStats: ReturnType<typeof statsFormat>;
}

/** Surroundings of a run in any thread. */
export interface InnerParts {
  readonly output: RecordTaker;
  readonly policy: Policy;
  readonly live?: LiveSink | undefined;
  readonly statistics?: ObjectStatistics | undefined;
  /** Screen of `--top`. */
  readonly screen?: RunScreen | undefined;
  /** Looks at the reader of standard output; throws when it is gone. */
  readonly checkReader?: (() => void) | undefined;
  /** True on the main thread of a process that does nothing else. */
  readonly isAlone: boolean;
  /** Called when everything is attached and its buffers are open. */
  readonly onAttached?: () => void;
  /** Called after the last record, while everything is still there. */
  readonly onFinished?: () => void;
}

/** Everything of a command line, checked before anything is loaded. */
export class RunSettings {
  readonly #run: RunRequest;
  readonly #command: TracedCommand | undefined;
  readonly #sources: Sources;
  readonly #stacks: Stacks;
  readonly #containers: Containers | undefined;
  readonly #options: Omit<
    Parameters<typeof startSession>[1],
    "budget" | "rules" | "maxLinks" | "policy"
  >;

  constructor(
    run: RunRequest,
    { words, settings, command, stacks, containers }: {
      words: Pick<ToolWords, "values">;
      settings: RecordSettings;
      command: TracedCommand | undefined;
      stacks: Stacks;
      containers?: Containers | undefined;
    },
  ) {
    this.#run = run;
    this.#stacks = stacks;
    this.#command = command;
    this.#containers = containers;
    const { tool, line, types } = run;
    const list = (name: "only" | "without") =>
      line.lists?.[name]?.flatMap((text) => text.split(",")).filter((word) => word !== "");
    const attach = new Map<string, string[]>();
    for (const [program, targets] of tool.targets) attach.set(program, [...targets]);
    for (const [program, targets] of givenTargets(line)) attach.set(program, targets);
    const sizes = new Map((line.lists?.["map-size"] ?? []).map(parseMapSize));
    const process = processFilter(tool, line.values.pid, {
      targets: attach,
      commandPid: command?.pid,
    });
    const only = list("only");
    const finder = new TypeFinder(tool.file, { files: types });
    const own = containers?.prepare(tool.file) ?? { values: [], maps: [] };
    const values = [
      ...ownPids(tool.file, command?.pid),
      ...own.values,
      ...words.values,
      ...process.values,
      ...readSettings(tool.file, line.lists?.set ?? [], command?.pid),
    ];
    const tables = tablesOf(tool, values);
    const hints = hintsOf(tool, values);
    this.#sources = new Sources({ ...tool, tables, hints }, finder, line, settings);
    for (const [program, target] of placesOf(tool, values)) {
      if (!attach.has(program)) attach.set(program, [target]);
    }
    this.#options = {
      ...(only === undefined ? {} : { only }),
      without: [...list("without") ?? [], ...leftOut(tool, values, this.#sources.tables)],
      hints: placeHints(tool),
      attach,
      interfaces: line.lists?.iface ?? [],
      settings: [...mapSettings(tool.file, sizes), ...own.maps],
      values,
      ...(process.probedPid === undefined ? {} : { probedPid: process.probedPid }),
      ways: tool.ways ?? [],
      optional: tool.optional ?? [],
      requireAll: line.flags.has("require-all"),
      onWarning: ({ message, hint }) => {
        const more = hint === undefined ? "" : `; ${hint}`;
        this.#warn(`warning: ${message}${more}`);
      },
      onNotice: run.note ?? ((text) => {
        if (line.flags.has("verbose")) printError(visible(`note: ${text}`));
      }),
    };
  }

  /** Names of the sources of iterators. */
  get iterators(): string[] {
    return this.#sources.iterators.map(({ source }) => source);
  }

  #warn(text: string): void {
    const { warn } = this.#run;
    if (warn === undefined) printError(visibleLine(text));
    else warn(text);
  }

  /**
   * Runs it on the main thread, until a signal or its end; returns the exit code: 124 if the time was
   * over before everything was attached.
   */
  run(output: RecordOutput, parts: RunParts): number {
    try {
      return this.#runAlone(output, parts);
    } catch (error) {
      if (!wasLoadCut()) throw error;
      printError(
        "error: Cannot run the object: the time of --timeout was over before it was loaded",
      );
      return EXIT_TIMED_OUT;
    }
  }

  #runAlone({ output, screen }: RecordOutput, { policy, live, formatStats }: RunParts): number {
    const timeoutMs = timeoutOf(this.#run.line);
    const attendUsr1 = formatStats !== undefined;
    return interruptible({ timeoutMs, graceMs: FINISH_MS, attendUsr1 }, (interrupt) => {
      const statistics = formatStats &&
        new ObjectStatistics(formatStats, policy.permissions, interrupt);
      const onFinished = () => output.end();
      return this.runWithin(interrupt, {
        ...{ policy, live, statistics, isAlone: true, onFinished },
        output: this.#containers?.over(output, { mayLeaveOut: true }) ?? output,
        screen: screen?.of(output),
        checkReader: this.#sources.settings.outputs.some(({ file }) => file === undefined)
          ? checkReader
          : undefined,
      });
    });
  }

  /** Runs it until an interrupt or its end; returns the exit code. */
  runWithin(interrupt: Interrupt, parts: InnerParts): number {
    const { policy, isAlone, statistics } = parts;
    const { line, tool } = this.#run;
    const latencyMs = parseLatency(line.values.latency ?? "1ms", "--latency");
    using plan = planRun(interrupt, policy, { ...kernelLimitsOf(line), isAlone });
    const isReaderWatched = this.#watchesReader(interrupt, parts, latencyMs);
    this.#sources.prepare();
    enterSandbox({
      isRequired: line.flags.has("require-landlock"),
      isAlone,
      grants: [],
      onNotice: this.#options.onNotice,
    });
    const { budget, rules, maxLinks } = plan;
    using _afterwards = {
      [Symbol.dispose]: () => {
        const left = settle();
        remainWarnings(left).forEach((text) => this.#warn(text));
        statistics?.end(left);
      },
    };
    using session = startSession(tool.file, {
      ...this.#options,
      ...{ policy, budget, rules, maxLinks },
    });
    return this.#trace(session, interrupt, { ...parts, latencyMs, isReaderWatched });
  }

  /**
   * Lets the end of standard output's reader end waits, if everything is read by waits: without a
   * latency, fast events need none, and iterators take what ends a wait.
   */
  #watchesReader(interrupt: Interrupt, { checkReader }: InnerParts, latencyMs: number): boolean {
    const fills = this.#sources.tables.some(({ filledBy }) => filledBy !== undefined);
    const iterates = fills || this.iterators.length > 0;
    if (checkReader === undefined || latencyMs === 0 || iterates) return false;
    return interrupt.watch(STDOUT) === 0;
  }

  #trace(
    session: PlainSession,
    interrupt: Interrupt,
    { latencyMs, onAttached, onFinished, isAlone, ...parts }: InnerParts & {
      readonly latencyMs: number;
      readonly isReaderWatched: boolean;
    },
  ): number {
    const command = this.#command;
    const { warn } = this.#run;
    const run = { session, targets: this.#options.attach, lastTables: [] };
    using opened = new OpenSources(this.#sources, session, {
      ...parts,
      ...{ interrupt, latencyMs, stacks: this.#stacks, warn },
      waitingText: isAlone ? (lastTables) => waitingText({ ...run, lastTables }) : undefined,
      filter: this.#containers?.filter,
    });
    const leftOut = this.#containers?.settle();
    if (leftOut !== undefined) this.#warn(leftOut);
    if (this.#sources.isSilent) {
      this.#warn(
        "note: the object prints nothing and keeps no results: it is attached until its end; " +
          "--stats shows how often its programs run",
      );
    }
    onAttached?.();
    if (command !== undefined) {
      const started = command.start();
      if (started < 0) throw new BpfError("start the command", started);
    }
    opened.run(command);
    opened.finish();
    onFinished?.();
    opened.reportLosses();
    if (command === undefined) {
      if (isAlone && opened.isIdle && !this.#sources.isSilent) this.#warn(idleText(run));
      return 0;
    }
    return opened.endCommand(command);
  }
}

/** Reads `--attach PROGRAM=TARGET`. */
function givenTargets({ lists }: RunLine): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const text of lists?.attach ?? []) {
    const [, program = "", target = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (program === "") throw new UsageError(`Cannot use --attach "${text}": not PROGRAM=TARGET`);
    targets.set(program, [...targets.get(program) ?? [], target]);
  }
  return targets;
}
