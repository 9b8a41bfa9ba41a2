/** State that the eBPF import modules share: the guest's tables and the results of its calls. */
import {
  type AttachRules,
  type BpfLink,
  type BpfMap,
  type BpfProgram,
  type Budget,
  errno,
  type Interrupt,
  type ObjectBytes,
  takeLog,
} from "../../ffi/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { GuestFault, type GuestMemory } from "../guest_memory.ts";
import { MemoryPool, Stage } from "./events/stage.ts";
import {
  attachRulesOf,
  BpfError,
  createBudget,
  type KernelLimits,
  LinkCount,
  lowestLimits,
  type MapAccess,
  mapAccess,
  Policy,
  type Remains,
  Reports,
  settle,
} from "../../ebpf/mod.ts";
import type { PollContext } from "./events/event_channel.ts";
import type { GuestRecords } from "../records.ts";
import type { GuestObject } from "./guest_object.ts";
import { Handles } from "./handles.ts";
import { Totals } from "./totals.ts";

/** Guest state that the eBPF imports need. */
export interface BpfHostOptions {
  memory: GuestMemory;
  /** Ends polls early. */
  interrupt: Interrupt;
  /** Handles the interrupt's request for attention. */
  attend: () => void;
  /** True if the kernel counts what programs do. */
  programsCounted: boolean;
  /** Permissions of programs; default: those of a run without permission options. */
  policy?: Policy;
  /** Returns what the programs of one object may do, by its bytes; default: `policy` for all. */
  policyFor?: ((bytes: Uint8Array<ArrayBuffer>) => Policy) | undefined;
  /** Limits of what it takes of the kernel; default: those of {@linkcode KernelLimits}. */
  limits?: KernelLimits;
  /** Delay that events may have when they come fast, in milliseconds; 0 for none. */
  latencyMs: number;
  /** Gets each failure once; the guest itself only sees a number. */
  onError: (error: HostError) => void;
  /** Takes records of the guest; absent where they are not wanted. */
  records?: GuestRecords | undefined;
  /** Gets notices: messages worth reading that are not errors. */
  onNotice: (text: string) => void;
}

/** A map that a guest has a token for. */
export interface MapEntry {
  readonly object: GuestObject;
  readonly map: BpfMap;
  readonly access: MapAccess;
}

/** A program that a guest has a token for. */
export interface ProgramEntry {
  readonly object: GuestObject;
  readonly program: BpfProgram;
}

/** A link that a guest may detach. */
export interface LinkEntry {
  readonly object: GuestObject;
  readonly link: BpfLink;
}

/** Objects are copied, outside the guest's memory, and libbpf makes more of them than they are. */
const MAX_OBJECTS = 256;
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** Tokens of programs start here, so that none is a map's by mistake. */
const FIRST_PROGRAM_TOKEN = 1 << 20;

/**
 * One guest's tables. Handles and tokens are small integers that only these know; a stale or made-up
 * one is found as `undefined`. Dispose it to detach and unload everything.
 */
export class BpfContext implements PollContext, Disposable {
  readonly memory: GuestMemory;
  readonly interrupt: Interrupt;
  readonly attend: () => void;
  readonly onNotice: (text: string) => void;
  readonly policy: Policy;
  readonly policyFor: ((bytes: Uint8Array<ArrayBuffer>) => Policy) | undefined;
  /** Places where programs may be attached, as they were before the guest's first instruction. */
  readonly attachRules: AttachRules | undefined;
  /** Lines about what words name and is not there; until the first object. */
  #unfound = "";
  readonly latencyMs: number;
  readonly records: GuestRecords | undefined;
  readonly memories = new MemoryPool();
  readonly objects = new Handles<GuestObject>();
  readonly maps = new Handles<MapEntry>();
  readonly programs = new Handles<ProgramEntry>(FIRST_PROGRAM_TOKEN);
  readonly links = new Handles<LinkEntry>();
  /** The tokens of maps and programs that were asked for. */
  readonly #tokens = new Map<BpfMap | BpfProgram, number>();
  readonly #reports: Reports;
  readonly #programsCounted: boolean;
  readonly #closed = new Totals();
  readonly linkCount: LinkCount;
  readonly #limits: KernelLimits;
  #budget: Budget | undefined;
  #hadObject = false;
  #stage: Stage | undefined;
  #lastError: HostError | undefined;
  /** Error of the import in progress. */
  #failed: HostError | undefined;
  #lastErrno = 0;

  constructor(options: BpfHostOptions) {
    this.memory = options.memory;
    this.interrupt = options.interrupt;
    this.attend = options.attend;
    this.#programsCounted = options.programsCounted;
    this.onNotice = options.onNotice;
    this.policy = options.policy ?? new Policy();
    this.policyFor = options.policyFor;
    if (this.policy.attachRules !== "") takeLog();
    this.attachRules = attachRulesOf(this.policy);
    if (this.attachRules !== undefined) this.#unfound = takeLog();
    this.#limits = lowestLimits(options.limits ?? {}, this.policy.limits);
    this.records = options.records;
    this.linkCount = new LinkCount(this.#limits.maxLinks);
    this.latencyMs = options.latencyMs;
    this.#reports = new Reports(options.onError);
  }

  /** Where events wait for callbacks; made when the first buffer is opened. */
  get stage(): Stage {
    this.#stage ??= new Stage(this.interrupt);
    return this.#stage;
  }

  /** Limits of maps and programs; made for the first object. */
  get budget(): Budget {
    this.#budget ??= createBudget(this.interrupt, this.#limits);
    return this.#budget;
  }

  /** The token of a map, the same one each time. */
  tokenOfMap(object: GuestObject, map: BpfMap): number {
    return this.#tokenOf(
      map,
      () => this.maps.add({ object, map, access: mapAccess(map.type, map.valueBytes) }),
    );
  }

  /** The token of a program, the same one each time. */
  tokenOfProgram(object: GuestObject, program: BpfProgram): number {
    return this.#tokenOf(program, () => this.programs.add({ object, program }));
  }

  #tokenOf(thing: BpfMap | BpfProgram, add: () => number): number {
    let token = this.#tokens.get(thing);
    if (token === undefined) {
      token = add();
      this.#tokens.set(thing, token);
    }
    return token;
  }

  /**
   * Makes an object from guest memory with `make`, and gives its handle.
   *
   * @throws {BpfError} EMFILE or ENOMEM when there are too many, and what `make` throws
   */
  addObject(source: ObjectBytes, make: (source: ObjectBytes) => GuestObject): number {
    if (this.#unfound !== "") this.onNotice(this.#unfound.trimEnd());
    this.#unfound = "";
    let bytes = source.sizeBytes;
    for (const object of this.objects.values()) bytes += object.sizeBytes;
    if (this.objects.size >= MAX_OBJECTS) {
      throw new BpfError("open another eBPF object", errno("EMFILE"), {
        hint: `a module has at most ${MAX_OBJECTS} at a time: close those that are not needed`,
      });
    }
    if (bytes > MAX_OBJECT_BYTES) {
      throw new BpfError("open another eBPF object", errno("ENOMEM"), {
        hint: `a module's objects have at most ${MAX_OBJECT_BYTES >> 20} MiB together`,
      });
    }
    return this.objects.add(make(source));
  }

  /** Closes an object; its handle, tokens and links are stale from now on. */
  closeObject(handle: bigint): number {
    const object = this.objects.remove(handle);
    if (object === undefined) return -errno("EINVAL");
    for (const { map } of this.maps.removeWhere((entry) => entry.object === object)) {
      this.#tokens.delete(map);
    }
    for (const { program } of this.programs.removeWhere((entry) => entry.object === object)) {
      this.#tokens.delete(program);
    }
    this.links.removeWhere((entry) => entry.object === object);
    object.close();
    return 0;
  }

  /** Called before an object is unloaded; adds its counts to {@linkcode totals}. */
  readonly noteClosed = (object: GuestObject): void => {
    this.#hadObject = true;
    object.addTo(this.#closed, this.#programsCounted);
  };

  /** Counts of programs and buffers so far, including those of closed objects. */
  get totals(): Totals {
    const totals = this.#closed.copy();
    for (const object of this.objects.values()) object.addTo(totals, this.#programsCounted);
    return totals;
  }

  /** Runs one import: faults and refusals become negative errno, the latter reported, each text once. */
  answer(call: () => number): number {
    this.#failed = undefined;
    try {
      return call();
    } catch (error) {
      if (error instanceof GuestFault) return -errno("EFAULT");
      if (!(error instanceof HostError)) throw error;
      return this.fail(error);
    }
  }

  /** Reports an error and gives the negative errno that the guest gets. */
  fail(error: HostError): number {
    this.#lastError = this.#failed = error;
    this.#reports.note(error);
    return error instanceof BpfError ? -error.guestErrno : -errno("EIO");
  }

  /**
   * Runs an import whose result is a handle, or 0; the errno of a 0 is {@linkcode lastErrno} then.
   */
  answerHandle(call: () => number): bigint {
    let handle = 0;
    const result = this.answer(() => {
      handle = call();
      return 0;
    });
    if (result === 0) return BigInt(handle);
    // Errors of libbpf's own are numbers of its own; a result has room for the kernel's only.
    this.#lastErrno = this.#failed instanceof BpfError ? this.#failed.errno : -result;
    return 0n;
  }

  /** Errno of the last handle that was not given, of Linux or libbpf; 0 when none has failed. */
  get lastErrno(): number {
    return this.#lastErrno;
  }

  /** The last error given to {@linkcode fail}. */
  get lastError(): HostError | undefined {
    return this.#lastError;
  }

  /** Parts that are still in the kernel after everything was closed. */
  remains: Remains = { remaining: [], held: [] };

  [Symbol.dispose](): void {
    for (const object of this.objects.values()) object.close();
    this.objects.clear();
    this.#budget?.close();
    this.attachRules?.close();
    this.#stage?.[Symbol.dispose]();
    if (this.#hadObject) this.remains = settle();
    this.#hadObject = false;
  }
}
