/** One run of a guest, from instantiation to exit code. */
import type { Policy } from "../ebpf/mod.ts";
import { Interrupt, ProgramStatistics, Ticker } from "../ffi/mod.ts";
import { BpfError, BpfHost } from "./wasm_bpf/mod.ts";
import type { Control } from "./control.ts";
import { GrantError, type HostFunctionError, hostFunctionError } from "./errors.ts";
import { checkGuest, checkMemory, checkTables, findTables, type GuestModule } from "./module.ts";
import { GuestMemory } from "./guest_memory.ts";
import type { Features } from "./features.ts";
import { localOffset } from "./local_time.ts";
import type { GuestRecords } from "./records.ts";
import { keepPumps } from "./wasm_bpf/events/pump.ts";
import { enterSandbox } from "./sandbox.ts";
import { type Input, type InternalOptions, type Output, policyOf } from "./run_options.ts";
import {
  BPF_SIGNATURES,
  checkSignatures,
  EXTENSION_SIGNATURES,
  type Signatures,
  UNSTABLE_SIGNATURES,
  WASI_SIGNATURES,
  WRAPPER_SIGNATURES,
} from "./signatures.ts";
import { Meter } from "./stats.ts";
import { isTrap, trap, unwindGuest } from "./trap.ts";
import {
  DISCARD,
  FdTable,
  type Streams,
  UNSTABLE_MODULE,
  WASI_MODULE,
  type WasiContext,
  wasiImports,
} from "./wasi/mod.ts";

/** Where guests import the poll from that calls an export. */
export const DEFAULT_WRAPPER_MODULE = "callback-wrapper";
const DEFAULT_CALLBACK_EXPORT = "go-callback";
const DEFAULT_LATENCY_MS = 1;

/** The end of a guest's time is this signal. */
const SIGALRM = 14;
/** The code of timeout(1) for a command whose time is over. */
const EXIT_TIMED_OUT = 124;

/** Returns the exit code of a guest that a signal ends. */
function exitCodeOf(signal: number): number {
  return signal === SIGALRM ? EXIT_TIMED_OUT : 128 + signal;
}

/**
 * Runs a guest's `_start` to its end, on this thread; everything it loaded or attached is released
 * before this returns or throws.
 *
 * @param features what there is to be had; an option that takes more than these has no effect
 * @returns the guest's exit code, 0 when `_start` returns
 */
export function runInstance(
  guest: GuestModule,
  options: InternalOptions,
  features: Features,
): number {
  using run = new GuestRun(guest, options, features);
  return run.run();
}

/** Everything that one run holds. */
class GuestRun implements Disposable {
  readonly #guest: GuestModule;
  readonly #options: InternalOptions;
  readonly #held = new DisposableStack();
  readonly #memory: GuestMemory;
  readonly #fds: FdTable;
  readonly #bpf: BpfHost;
  readonly #interrupt: Interrupt;
  readonly #meter: Meter;
  readonly #control: Control | undefined;
  readonly #features: Features;
  #failure: HostFunctionError | undefined;
  #exitCode: number | undefined;
  /** Requests for attention that were handled, and when statistics were due. */
  #attended = 0;
  #reportedMs = performance.now();

  constructor(guest: GuestModule, options: InternalOptions, features: Features) {
    this.#features = features;
    this.#guest = guest;
    this.#options = options;
    try {
      this.#interrupt = options.interrupt ?? this.#held.use(Interrupt.create());
      this.#control = this.#held.use(features.control?.(guest, options, this.#interrupt));
      this.#memory = this.#held.use(new GuestMemory());
      this.#fds = this.#held.use(new FdTable(this.#streams()));
      this.#bpf = this.#held.use(
        new BpfHost({
          memory: this.#memory,
          interrupt: this.#interrupt,
          attend: () => this.#attend(),
          programsCounted: this.#countPrograms(),
          policy: policyOf(options),
          policyFor: this.#policyFor(),
          ...(options.limits === undefined ? {} : { limits: options.limits }),
          latencyMs: options.latencyMs ?? DEFAULT_LATENCY_MS,
          records: this.#records(),
          onError: (error) => this.#guard("onError", () => options.onError?.(error)),
          onNotice: (text) => this.#guard("onNotice", () => options.onNotice?.(text)),
        }),
      );
      this.#meter = new Meter(this.#interrupt);
    } catch (error) {
      // Invalid permissions, for example: the caller gets no run that it could dispose of.
      this.#held.dispose();
      throw error;
    }
  }

  /** Policies of single objects, where the embedder decides about each. */
  #policyFor(): ((bytes: Uint8Array<ArrayBuffer>) => Policy) | undefined {
    const { onObject, allowWriteUser } = this.#options;
    if (onObject === undefined) return undefined;
    return (bytes) =>
      this.#guard("onObject", () => policyOf({ permissions: onObject(bytes), allowWriteUser }));
  }

  /** Returns the taker of records; when it throws anything but an error for the guest, the run ends. */
  #records(): GuestRecords | undefined {
    const { records } = this.#options;
    return records && {
      open: (name, schema, options) => {
        const sink = records.open(name, schema, options);
        return sink && {
          write: (bytes) => this.#guard("records", () => sink.write(bytes)),
          flush: () =>
            this.#guard("records", () => {
              if (this.#interrupt.signal !== 0) records.finish?.();
              sink.flush();
            }),
        };
      },
    };
  }

  run(): number {
    const code = this.#start();
    this.#throwFailure();
    return code;
  }

  #start(): number {
    const imports = this.#imports();
    checkGuest(this.#guest, imports);
    if (this.#options.limits?.memoryBytes === undefined) checkTables(this.#guest);
    const declared = checkSignatures(this.#guest, this.#signatures());
    this.#bpf.speedUp(imports, declared);
    const onNotice = (text: string) => this.#note("onNotice", () => this.#options.onNotice?.(text));
    const ended = this.#openGrants(onNotice);
    if (ended !== undefined) return ended;
    // The zone's name and rules are files, which a confined thread cannot read.
    if (this.#wants("wasm_bpf_ext", "local_offset")) localOffset(0n);
    const prepared = this.#control?.prepare();
    this.#confine(onNotice);
    this.#throwFailure();
    // After the confinement, which its thread inherits.
    const tickMs = this.#tickMs();
    if (tickMs !== undefined) this.#held.use(Ticker.start(this.#interrupt, tickMs));
    try {
      const { exports } = new WebAssembly.Instance(prepared?.module ?? this.#guest.module, imports);
      this.#bind(exports);
      prepared?.begin(exports);
      (exports["_start"] as () => void)();
      return 0;
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#control?.throwIfStopped();
      if (this.#exitCode !== undefined) return this.#exitCode;
      throw isTrap(error) ? trap(this.#guest, error, prepared?.ran) : error;
    } finally {
      this.#meter.stop();
      this.#note("onEnded", () => this.#options.onEnded?.());
      this.#bpf[Symbol.dispose]();
      this.#fds[Symbol.dispose]();
      this.#note("onStats", () => this.#report(true));
    }
  }

  /** Returns an exit code if the run was asked to end during the wait for the reader of a FIFO. */
  #openGrants(onNotice: (text: string) => void): number | undefined {
    const interrupt = this.#interrupt;
    try {
      this.#features.openGrants?.(this.#fds, { ...this.#options, interrupt, onNotice });
      return undefined;
    } catch (error) {
      if (!(error instanceof GrantError && error.code === "EINTR")) throw error;
      this.#control?.throwIfStopped();
      this.#note("onError", () => this.#options.onError?.(error));
      return exitCodeOf(interrupt.signal);
    }
  }

  /** Returns the milliseconds between two requests for attention; undefined if nothing needs them. */
  #tickMs(): number | undefined {
    const { statsEveryMs, records } = this.#options;
    const periods = [statsEveryMs, records?.attendEveryMs].filter((ms) => ms !== undefined);
    return periods.length === 0 ? undefined : Math.min(...periods);
  }

  #confine(onNotice: (text: string) => void): void {
    const { sandbox } = this.#options;
    if (sandbox === undefined) return;
    keepPumps(this.#guest.module);
    const grants = this.#fds.preopens()
      .map(({ hostFd, isReadOnly }) => ({ hostFd, isWritable: !isReadOnly }));
    enterSandbox({ ...sandbox, grants, onNotice });
  }

  #bind(exports: WebAssembly.Exports): void {
    const memory = exports["memory"] as WebAssembly.Memory;
    checkMemory(this.#guest, memory);
    this.#memory.bind(memory);
    this.#bpf.bind({
      memory,
      tables: findTables(exports),
      callback: exports[this.#options.callbackExport ?? DEFAULT_CALLBACK_EXPORT],
    });
  }

  #imports(): WebAssembly.Imports {
    const { wrapperModule = DEFAULT_WRAPPER_MODULE } = this.#options;
    const { extension, wasiFamilies, isUnstableToo, hostImports } = this.#features;
    const wasi = this.#wasiContext();
    const isImported = (name: string) => this.#wants("wasm_bpf_ext", name);
    const imports: WebAssembly.Imports = bare({
      "wasm_bpf": bare(this.#bpf.imports()),
      ...(extension === undefined
        ? {}
        : { "wasm_bpf_ext": bare(this.#bpf.extend(extension, isImported)) }),
      [WASI_MODULE]: bare(wasiImports(wasi, wasiFamilies)),
    });
    if (isUnstableToo && this.#wants(UNSTABLE_MODULE)) {
      const functions = wasiImports({ ...wasi, isUnstable: true }, wasiFamilies);
      imports[UNSTABLE_MODULE] = bare(functions);
    }
    imports[wrapperModule] = bare({ ...imports[wrapperModule], ...this.#bpf.wrapperImports() });
    if (hostImports === undefined || this.#options.imports === undefined) return imports;
    const more = hostImports(this.#options.imports, {
      guest: this.#guest,
      memory: this.#memory,
      guard: (what, call) => this.#guard(what, call),
      reserved: Object.keys(imports),
    });
    return bare({ ...imports, ...more });
  }

  #wants(module: string, name?: string): boolean {
    return WebAssembly.Module.imports(this.#guest.module)
      .some((one) => one.module === module && (name === undefined || one.name === name));
  }

  #wasiContext(): WasiContext {
    const { args, env, resolve } = this.#options;
    return {
      memory: this.#memory,
      args: args ?? [this.#guest.name],
      env: env ?? {},
      fds: this.#fds,
      exit: (code) => this.#exit(code),
      interrupt: this.#interrupt,
      attend: () => this.#attend(),
      isTerminable: this.#control?.isNeeded ?? false,
      resolve,
    };
  }

  /** Returns the standard streams: the embedder's, or the process's own. */
  #streams(): Streams {
    const { stdin, stdout, stderr } = this.#options.stdio ?? {};
    return {
      0: stdin === undefined ? undefined : this.#source(stdin),
      1: stdout === undefined ? undefined : this.#sink("stdout", stdout),
      2: stderr === undefined ? undefined : this.#sink("stderr", stderr),
    };
  }

  #sink(name: string, output: Output): Streams[1] {
    if (output === "null") return { hostFd: -1, sink: DISCARD };
    if (typeof output !== "function") return {};
    return { hostFd: -1, sink: (bytes) => this.#guard(name, () => output(bytes)) };
  }

  #source(input: Input): Streams[0] {
    if (input === "null") return { hostFd: -1, source: () => new Uint8Array() };
    if (typeof input === "function") {
      return { hostFd: -1, source: (maxBytes) => this.#guard("stdin", () => input(maxBytes)) };
    }
    if (!(input instanceof Uint8Array)) return {};
    let left = input;
    return {
      hostFd: -1,
      source: (maxBytes) => {
        const bytes = left.subarray(0, maxBytes);
        left = left.subarray(bytes.length);
        return bytes;
      },
    };
  }

  /** Runs something of the embedder; when it throws, the guest is left for good. */
  #guard<T>(what: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      this.#failure ??= hostFunctionError(what, this.#guest.name, cause);
      return unwindGuest();
    }
  }

  /**
   * Like `#guard`, before the guest's first or after its last instruction: the failure is thrown after
   * the caller's own work.
   */
  #note(what: string, call: () => void): void {
    try {
      call();
    } catch (cause) {
      this.#failure ??= hostFunctionError(what, this.#guest.name, cause);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #signatures(): Record<string, Signatures> {
    const { wrapperModule = DEFAULT_WRAPPER_MODULE } = this.#options;
    const signatures: Record<string, Signatures> = {
      "wasm_bpf": BPF_SIGNATURES,
      "wasm_bpf_ext": EXTENSION_SIGNATURES,
      [WASI_MODULE]: WASI_SIGNATURES,
      [UNSTABLE_MODULE]: UNSTABLE_SIGNATURES,
    };
    return {
      ...signatures,
      [wrapperModule]: { ...signatures[wrapperModule], ...WRAPPER_SIGNATURES },
    };
  }

  #exit(code: number): never {
    this.#exitCode = code;
    unwindGuest();
  }

  #countPrograms(): boolean {
    if (this.#options.countPrograms !== true) return false;
    const counting = ProgramStatistics.enable();
    if (typeof counting !== "number") {
      this.#held.use(counting);
      return true;
    }
    const error = new BpfError("count how long programs run", counting, {
      hint: "run it as root or with CAP_SYS_ADMIN, or set kernel.bpf_stats_enabled=1",
    });
    this.#note("onError", () => this.#options.onError?.(error));
    return false;
  }

  #attend(): void {
    // The guest received the signal and keeps waiting.
    const signal = this.#interrupt.ignoredSignal;
    if (signal !== 0) this.#exit(exitCodeOf(signal));
    const { records } = this.#options;
    if (records?.attend !== undefined) this.#guard("records", () => records.attend?.());
    if (this.#areStatsDue()) this.#guard("onStats", () => this.#report(false));
  }

  /** Reports whether attention was requested for statistics, or their time has come. */
  #areStatsDue(): boolean {
    const { statsEveryMs } = this.#options;
    const { attentions } = this.#interrupt;
    const now = performance.now();
    const isRequested = attentions !== this.#attended;
    this.#attended = attentions;
    // A tick may come a little early.
    const isTime = statsEveryMs !== undefined && now - this.#reportedMs >= 0.9 * statsEveryMs;
    if (isTime) this.#reportedMs = now;
    return isRequested || isTime;
  }

  #report(final: boolean): void {
    const { onStats } = this.#options;
    if (onStats === undefined) return;
    const memoryBytes = this.#memory.linear.bytes.length;
    const { totals, remains: { remaining, held } } = this.#bpf;
    onStats(
      this.#meter.read({
        ...{ final, memoryBytes, totals },
        ...{ remaining: [...remaining], held: [...held] },
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}

/**
 * Copies a record to an object without a prototype: a guest that imports "constructor" from "wasm_bpf"
 * must not find JavaScript's.
 */
function bare<T extends object>(record: T): T {
  return Object.assign(Object.create(null), record);
}
