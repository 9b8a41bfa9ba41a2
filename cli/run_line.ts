/** Runs what a command line names: a module or object from a file, the store or a registry. */
import { HostError } from "../ffi/errors.ts";
import type { Containers } from "./containers/mod.ts";
import type { RecordTaker } from "../records/mod.ts";
import { compileGuest, type GuestModule } from "../runtime/command.ts";
import { EVERYTHING } from "../runtime/everything.ts";
import { UsageError } from "./errors.ts";
import type { BackgroundStart } from "./background/start.ts";
import { mergedLine, splitWords } from "./args/after_name.ts";
import { type Grants, grantsOf } from "./args/grants.ts";
import { oursAfterName } from "./args/help_text.ts";
import type { Detach } from "./object/run.ts";
import { print, safeOutputPath } from "./terminal/output_file.ts";
import { admitted, runOnCommandLine, timeoutOf } from "./startup/guest_run.ts";
import { contentKind } from "../oci/content_kind.ts";
import { STDIN } from "./module/input_file.ts";
import { kernelLimitsOf } from "./args/kernel_limits.ts";
import { type Named, namedModule } from "./module/named_module.ts";
import { permissionsOf } from "./args/permissions.ts";
import type { Admission, ForeignModule } from "./permissions/mod.ts";
import type { Permissions } from "../ebpf/mod.ts";
import type { PolicyBound } from "../oci/mod.ts";
import { refuseObjectOptions } from "./args/unused_options.ts";
import { printError, visibleLine } from "./terminal/output.ts";
import type { ReadModule } from "./startup/plain_run.ts";
import { wantsContainers } from "./args/container_options.ts";
import { wantsLive } from "./args/live_options.ts";
import { wantsRecords } from "./args/record_options.ts";
import { platformOf } from "./args/registry_options.ts";
import type { RunLine } from "./args/run_options.ts";
import { statsFormat } from "./terminal/stats.ts";

/** Run that a supervisor starts: its definition decides, and no terminal is there for a question. */
export interface SupervisedRun {
  /** Refuses a module that is not the one of the definition. */
  check(bytes: Uint8Array<ArrayBuffer>, word: string): void;
  /** Takes a run that was checked, in place of its start. */
  define?(start: BackgroundStart): Promise<number>;
  /** Called with the module or object that is about to run. */
  begin?(object: Uint8Array<ArrayBuffer>): void;
}

/** Resolves the files of `--stdout` and `--stderr`, where root must be alone. */
async function withSafeOutputs(grants: Grants): Promise<Grants> {
  const { stdin, stdout, stderr } = grants.stdio ?? {};
  const resolved = async <T>(stream: T): Promise<T | { file: string }> =>
    typeof stream === "object" && stream !== null && "file" in stream
      ? { file: await safeOutputPath(String(stream.file)) }
      : stream;
  return {
    ...grants,
    stdio: {
      ...(stdin === undefined ? {} : { stdin }),
      ...(stdout === undefined ? {} : { stdout: await resolved(stdout) }),
      ...(stderr === undefined ? {} : { stderr: await resolved(stderr) }),
    },
  };
}

/** Reports wrong values before anything is fetched or run. */
async function checkLine(line: RunLine): Promise<void> {
  timeoutOf(line);
  permissionsOf(line);
  kernelLimitsOf(line);
  platformOf(line.values);
  if (!line.flags.has("detach")) checkAttached(line);
  if (wantsLive(line)) (await import("./live/settings.ts")).liveSettings(line);
}

/**
 * Runs a guest of the box: words after its name that are not its own are options of wasm-bpf.
 *
 * @returns its exit code; undefined for other tools and modules
 */
async function runBoxGuest(
  line: RunLine,
  named: NamedModule,
  supervised: SupervisedRun | undefined,
): Promise<number | undefined> {
  if (named.tool === undefined) return undefined;
  const { guestSyntax } = await import("./box/guest_syntax.ts");
  const syntax = guestSyntax(named.tool);
  const [word = "", ...words] = line.rest;
  if (syntax === undefined) return undefined;
  const { own, ours, wantsHelp } = splitWords({ ...syntax, name: named.name }, words);
  const merged = mergedLine(line, ours);
  const { pid, ...values } = merged.values;
  // Of tools that are objects as well, it may stand before the name.
  const hasPid = pid !== undefined && syntax.long("pid") !== undefined;
  const told = hasPid ? [`--pid=${pid}`, ...own] : own;
  const [command] = words.includes("--") ? words.slice(words.indexOf("--") + 1) : [];
  if (command !== undefined) {
    throw new UsageError(
      `Cannot run "${command}" while "${named.name}" traces: it is a WebAssembly module`,
      "start the command in another terminal; tools that are eBPF objects take -- COMMAND",
    );
  }
  if (wantsHelp) {
    const code = await runNamed({ ...line, values: {}, rest: [word, ...own] }, named, supervised);
    if (code === 0) print(`\n${oursAfterName()}`);
    return code;
  }
  const whole = { ...merged, values: hasPid ? values : merged.values, rest: [word, ...told] };
  await checkLine(whole);
  return await runNamed(whole, named, supervised);
}

/**
 * Runs `line.rest[0]` with the rest as its arguments.
 *
 * @param read the module, if it has been read already
 * @param supervised for a run that a supervisor starts
 * @returns the guest's exit code
 */
export async function runLine(
  line: RunLine,
  read?: ReadModule,
  supervised?: SupervisedRun,
): Promise<number> {
  const [word] = line.rest;
  statsFormat(line.values.stats);
  grantsOf(line);
  await checkLine(line);
  if (word === undefined) throw new UsageError("No module given");
  if (!word.isWellFormed()) {
    throw new HostError(`Cannot read "${word}": its name is not UTF-8`, {
      code: "EILSEQ",
      hint: "rename it, or pass it on standard input: wasm-bpf run - < FILE",
    });
  }
  const named = read?.path === word ? { ...read, name: word } : await namedModule(word, line);
  if ("exitCode" in named) return named.exitCode;
  supervised?.check(named.bytes, word);
  return await runBoxGuest(line, named, supervised) ?? await runNamed(line, named, supervised);
}

/** Module that was found. */
type NamedModule = Extract<Named, { readonly bytes: unknown }>;

/** Runs a module or object that was found, with the words after its name. */
async function runNamed(
  line: RunLine,
  named: NamedModule,
  supervised: SupervisedRun | undefined,
): Promise<number> {
  const [word = "", ...args] = line.rest;
  const formatStats = statsFormat(line.values.stats);
  const grants = await withSafeOutputs(grantsOf(line));
  const canAsk = supervised === undefined;
  /** Module, or the object of a package once it is read. */
  let object = named.bytes;
  // Loaded lazily: most runs stay in the foreground.
  const detach: Detach = async (line, permissions, args) => {
    const start = { line, word, args, module: named, object, permissions };
    if (supervised?.define !== undefined) return await supervised.define(start);
    const { startInBackground } = await import("./background/start.ts");
    return await startInBackground(start);
  };
  const canDetach = supervised === undefined || supervised.define !== undefined;
  const kind = contentKind(named.bytes);
  if (kind !== "module" && kind !== "unknown") {
    const { runArgument } = await import("./object/command.ts");
    const { bytes, name, origin } = named;
    const bounds = "bounds" in named ? named.bounds : undefined;
    const grant = async (line: RunLine, bytes: Uint8Array<ArrayBuffer>) => {
      object = bytes;
      supervised?.begin?.(bytes);
      return origin === undefined
        ? { permissions: await boundedPermissions(line, bounds) ?? permissionsOf(line) }
        : await admissionOf(line, { ...named, bytes, origin }, canAsk);
    };
    const gadget = "gadget" in named ? named.gadget : undefined;
    const more = canDetach ? { detach } : {};
    return await runArgument({ bytes, name, line, words: args, grant, gadget, ...more });
  }
  refuseObjectOptions(line);
  const guest = compileGuest(named.bytes, word === STDIN ? "standard input" : named.name, {
    allowGc: line.flags.has("allow-gc"),
  });
  const { origin } = named;
  const permissions = await boundedPermissions(line, "bounds" in named ? named.bounds : undefined);
  const admission = origin === undefined
    ? undefined
    : await admissionOf(line, { ...named, origin }, canAsk);
  if (line.flags.has("detach") && canDetach) {
    return await detach(line, admission?.permissions, args);
  }
  supervised?.begin?.(named.bytes);
  const told = { ...line, rest: [named.name, ...args] };
  const parts = { features: EVERYTHING, formatStats, grants, admission, permissions };
  const containers = wantsContainers(line) ? await containersOf(line, guest) : undefined;
  const over = containers && ((output: RecordTaker) => containers.over(output));
  using _warning = {
    [Symbol.dispose]: () => {
      if (containers?.lossWarning !== undefined) printError(containers.lossWarning);
    },
  };
  if (wantsLive(line)) {
    const { runLive } = await import("./live/guest.ts");
    return await runLive(
      line,
      named.name,
      (more) => runOnCommandLine(guest, told, { ...parts, ...more }),
      over,
    );
  }
  if (!wantsRecords(line) && over === undefined) return runOnCommandLine(guest, told, parts);
  const { runWithRecords } = await import("./records/guest.ts");
  return await runWithRecords(
    line,
    (more) => runOnCommandLine(guest, told, { ...parts, ...more }),
    { over },
  );
}

/**
 * Returns the containers of a guest's records.
 *
 * @throws {UsageError} for a guest that emits no records: what it prints cannot be looked at
 */
async function containersOf(
  line: RunLine,
  guest: GuestModule,
): Promise<Containers> {
  const { Containers } = await import("./containers/mod.ts");
  const emits = WebAssembly.Module.imports(guest.module).some(({ name }) =>
    name === "records_open"
  );
  if (!emits) {
    throw new UsageError(
      "Cannot use options for containers: the module prints by itself, without records",
      "use a tool that emits records, or remove --container, --pod, --cgroup and --containers",
    );
  }
  const containers = new Containers(line);
  if (containers.warning !== undefined) printError(visibleLine(containers.warning));
  return containers;
}

/** Permissions of the command line within the bounds of policies; undefined without bounds. */
async function boundedPermissions(
  line: RunLine,
  rules: readonly PolicyBound[] = [],
): Promise<Permissions | undefined> {
  if (rules.length === 0) return undefined;
  const { boundNotes, boundsOf } = await import("./permissions/bounds.ts");
  const within = boundsOf(rules);
  const permissions = permissionsOf(line);
  if (line.flags.has("verbose")) {
    for (const note of boundNotes(within, permissions)) printError(visibleLine(`note: ${note}`));
  }
  return { ...permissions, within };
}

/** @throws {NotGrantedError} */
async function admissionOf(
  line: RunLine,
  module: ForeignModule,
  canAsk: boolean,
): Promise<Admission> {
  const { admit } = await import("./permissions/mod.ts");
  return admitted(admit(line, module, { canAsk }));
}

/** Options that only runs in the background have. */
const BACKGROUND_OPTIONS = ["name", "restart", "log-size"] as const;

function checkAttached({ values }: RunLine): void {
  for (const option of BACKGROUND_OPTIONS) {
    if (values[option] === undefined) continue;
    throw new UsageError(`Cannot use --${option}: the run is not in the background`, "add -d");
  }
}
