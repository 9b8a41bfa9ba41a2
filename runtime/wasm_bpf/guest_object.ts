/** An eBPF object that a guest has opened or loaded, and everything made from it. */
import {
  type AttachRules,
  type BpfLink,
  type BpfMap,
  BpfObject,
  type BpfProgram,
  type Budget,
  errno,
  type ObjectBytes,
  takeLog,
} from "../../ffi/mod.ts";
import {
  attachProgram,
  BpfError,
  diagnoseConfigure,
  diagnoseGlobal,
  diagnoseLoad,
  diagnoseOpen,
  diagnoseSetTarget,
  kernelHint,
  type LinkCount,
  MapType,
  permitObject,
  Policy,
  withoutPrefix,
} from "../../ebpf/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { CallbackTable } from "./events/callbacks.ts";
import { Links } from "./links.ts";
import {
  type ChannelStats,
  type EventChannel,
  type PollArguments,
  type PollContext,
  type ReadArguments,
  type WaitContext,
} from "./events/event_channel.ts";
import { openChannel } from "./events/mod.ts";
import type { Totals } from "./totals.ts";
import { type SubmitContext, UserChannel } from "./events/user_channel.ts";

/**
 * Name of every guest's object in libbpf. Guests name objects as they like; {@linkcode
 * GuestObject.findMap} takes global data by any name's prefix.
 */
const OBJECT_NAME = "guest";

/** Observers and permissions of an object. */
export interface ObjectContext {
  /** Permissions of its programs; default: those of a run without permission options. */
  readonly policy?: Policy;
  /** Returns what the programs of one object may do, by its bytes; default: `policy`. */
  readonly policyFor?: ((bytes: Uint8Array<ArrayBuffer>) => Policy) | undefined;
  /** Places where its programs may be attached; default: every place. */
  readonly attachRules?: AttachRules | undefined;
  /** Limits what it takes of the kernel; default: nothing does. */
  readonly budget?: Budget;
  /** Counts its links; default: nothing does. */
  readonly linkCount?: LinkCount;
  /** Gets notices: messages worth reading that are not errors. */
  readonly onNotice: (text: string) => void;
  /** Gets a loaded object when everything is detached, before it is unloaded. */
  readonly noteClosed: (object: GuestObject) => void;
}

/**
 * Owns the object, its links and its buffers. `close()` detaches and unloads; inside a poll of one of
 * its buffers that takes effect when the poll returns.
 */
export class GuestObject implements Disposable {
  /** Length of its ELF file. */
  readonly sizeBytes: number;
  readonly #object: BpfObject;
  readonly #programs = new Map<string, BpfProgram>();
  readonly #maps = new Map<string, BpfMap>();
  readonly #links: Links;
  readonly #channels = new Map<BpfMap, EventChannel>();
  readonly #userChannels = new Map<BpfMap, UserChannel>();
  readonly #context: ObjectContext;
  readonly #policy: Policy;
  #loaded = false;
  #pollDepth = 0;
  #closing = false;
  #closed = false;

  private constructor(
    object: BpfObject,
    { sizeBytes, policy }: { sizeBytes: number; policy: Policy },
    context: ObjectContext,
  ) {
    this.#object = object;
    this.sizeBytes = sizeBytes;
    this.#context = context;
    this.#policy = policy;
    this.#links = new Links(context.linkCount);
    for (const program of object.programs()) this.#programs.set(program.name, program);
  }

  /**
   * Opens an object from guest memory; {@linkcode load} comes next.
   *
   * @throws {BpfError}
   */
  static open(source: ObjectBytes, context: ObjectContext): GuestObject {
    // Decided first: the guest can be ended here, before there is an object to close.
    const policy = policyOf(source, context);
    takeLog();
    const object = BpfObject.open(source, OBJECT_NAME);
    if (typeof object === "number") throw diagnoseOpen(object, takeLog());
    try {
      const pins = object.forgetPins();
      if (pins > 0) context.onNotice(`${pins} maps ask to be pinned; a guest's maps are not`);
      return new GuestObject(object, { sizeBytes: source.sizeBytes, policy }, context);
    } catch (error) {
      // The embedder's function threw, which ends the guest.
      object.close();
      throw error;
    }
  }

  /**
   * Opens and loads an object from guest memory.
   *
   * @throws {BpfError}
   */
  static load(source: ObjectBytes, context: ObjectContext): GuestObject {
    const object = GuestObject.open(source, context);
    try {
      object.load();
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /**
   * Creates the maps and loads the programs; once, whatever comes of it.
   *
   * @throws {BpfError}
   */
  load(): void {
    takeLog();
    const { budget, attachRules } = this.#context;
    const permitted = permitObject(this.#object, this.#policy, attachRules);
    const result = permitted < 0 ? permitted : this.#object.load({ budget });
    const log = takeLog();
    if (result < 0) {
      throw diagnoseLoad(result, log, {
        policy: this.#policy,
        lacking: (name) => {
          const program = this.#programs.get(name);
          return program && kernelHint(program, result);
        },
      });
    }
    if (log !== "") this.#context.onNotice(withoutPrefix(log).trimEnd());
    for (const map of this.#object.maps()) this.#maps.set(map.name, map);
    this.#loaded = true;
  }

  #requireLoaded(op: string): void {
    if (this.#loaded) return;
    throw new BpfError(op, errno("EINVAL"), {
      reason: "the eBPF object was opened and is not loaded",
      hint: "call object_load first",
    });
  }

  get programs(): BpfProgram[] {
    return [...this.#programs.values()];
  }

  get maps(): BpfMap[] {
    return [...this.#maps.values()];
  }

  get programNames(): string[] {
    return [...this.#programs.keys()];
  }

  get mapNames(): string[] {
    return [...this.#maps.keys()];
  }

  /**
   * Finds a map by its name. Global data is found as `.rodata` and as `<any object name>.rodata`:
   * libbpf puts the name of the object before those of global data.
   */
  findMap(name: string): BpfMap | undefined {
    const map = this.#maps.get(name);
    if (map !== undefined) return map;
    const dot = name.indexOf(".");
    return dot < 0 ? undefined : this.#maps.get(`${OBJECT_NAME}${name.slice(dot)}`);
  }

  /**
   * A map by its name, as {@linkcode findMap}.
   *
   * @throws {BpfError} ENOENT
   */
  requireMap(name: string): BpfMap {
    this.#requireLoaded(`find map "${name}"`);
    const map = this.findMap(name);
    if (map !== undefined) return map;
    throw new BpfError(`find map "${name}"`, errno("ENOENT"), {
      reason: "the eBPF object has no map of that name",
      hint: `it has: ${this.mapNames.join(", ") || "none"}`,
    });
  }

  /**
   * A loaded program by the name of its function.
   *
   * @param op what it is for, as {@linkcode BpfError.op}
   * @throws {BpfError} ENOENT
   */
  requireProgram(name: string, op: string): BpfProgram {
    this.#requireLoaded(op);
    const program = this.#programs.get(name);
    if (program !== undefined) return program;
    throw new BpfError(op, errno("ENOENT"), {
      reason: "the eBPF object has no program of that name",
      hint: `it has: ${this.programNames.join(", ") || "none"}`,
    });
  }

  /**
   * Writes to global variables: before load what they start with, afterwards what they are.
   *
   * @param section `.rodata`, `.data`, `.bss`, or one of these with any object's name in front
   * @throws {BpfError}
   */
  setGlobal(section: string, offset: number, data: ObjectBytes): void {
    const name = section.slice(Math.max(0, section.indexOf(".")));
    const result = this.#object.setGlobal(name, offset, data);
    if (result < 0) throw diagnoseGlobal(result, section, offset, data.sizeBytes);
  }

  /**
   * Sets something of a program or map, by its name, until {@linkcode load}.
   *
   * @param setting `enum shim_setting`
   * @throws {BpfError} ENOENT, EBUSY, EINVAL
   */
  configure(name: string, setting: number, value: number): void {
    const result = this.#object.configure(name, setting, value);
    if (result < 0) throw diagnoseConfigure(result, name);
  }

  /**
   * Sets which kernel function or hook a program is for, until {@linkcode load}.
   *
   * @throws {BpfError} ENOENT, EBUSY, EINVAL; ESRCH when the kernel has no such function
   */
  setAttachTarget(name: string, target: string): void {
    takeLog();
    const result = this.#object.setAttachTarget(name, target);
    takeLog();
    if (result < 0) throw diagnoseSetTarget(result, name, target);
  }

  /**
   * Attaches a program to a target, or as its section specifies when that is empty; see
   * `docs/attach-targets.md`. It stays attached until {@linkcode detach} or `close()`.
   *
   * @returns the link, which the object goes on owning
   * @throws {BpfError}
   */
  attach(name: string, target: string): BpfLink {
    const program = this.requireProgram(name, `attach program "${name}"`);
    return this.#links.add(
      `attach program "${name}"`,
      () =>
        attachProgram(program, target, {
          find: (map) => this.findMap(map),
          structOps: () => [...this.#maps.values()].filter((map) => map.type === MapType.StructOps),
        }, { policy: this.#policy }),
    );
  }

  /** Detaches what {@linkcode attach} returned; false when it is none of this object's. */
  detach(link: BpfLink): boolean {
    return this.#links.close(link);
  }

  /**
   * Polls a ring buffer or perf event array; the first call opens it.
   *
   * @returns number of events, the callback's negative result, or a negative errno
   */
  poll(map: BpfMap, context: PollContext, callbacks: CallbackTable, args: PollArguments): number {
    const channel = this.#channel(map, context);
    if (typeof channel === "number") return channel;
    this.#pollDepth += 1;
    try {
      return channel.poll(callbacks, args);
    } finally {
      this.#pollDepth -= 1;
      if (this.#closing) this.close();
    }
  }

  /**
   * Reads records of a ring buffer or perf event array into guest memory; the first call opens it.
   *
   * @returns bytes written, or a negative errno
   */
  read(map: BpfMap, context: PollContext, memory: GuestMemory, args: ReadArguments): number {
    const channel = this.#channel(map, context);
    return typeof channel === "number" ? channel : channel.read(memory, args);
  }

  #channel(map: BpfMap, context: PollContext): EventChannel | number {
    const known = this.#channels.get(map);
    if (known !== undefined) return known;
    const opened = openChannel(map, context);
    if (typeof opened !== "number") this.#channels.set(map, opened);
    return opened;
  }

  /**
   * Copies a sample into a user ring buffer; the first call opens it.
   *
   * @returns 0 or a negative errno
   */
  submit(
    map: BpfMap,
    context: SubmitContext,
    data: number,
    sizeBytes: number,
    timeoutMs: number,
  ): number {
    let channel = this.#userChannels.get(map);
    if (channel === undefined) {
      const opened = UserChannel.open(map, context);
      if (typeof opened === "number") return opened;
      channel = opened;
      this.#userChannels.set(map, channel);
    }
    return channel.submit(data, sizeBytes, timeoutMs);
  }

  /**
   * Reads on in what an attached iterator prints; the first call, and the one after its end, start it.
   *
   * @returns bytes written, 0 at the end, or a negative errno; after -EINTR the pass goes on
   */
  readIterator(link: BpfLink, context: WaitContext, buffer: ObjectBytes): number {
    return this.#links.read(link, context, buffer);
  }

  /** Counts of a map's buffer; `undefined` before the first poll or read. */
  statsOf(map: BpfMap): ChannelStats | undefined {
    return this.#channels.get(map)?.stats;
  }

  /** @param counted whether the kernel counts what programs do */
  addTo(totals: Totals, counted: boolean): void {
    if (!this.#loaded) return;
    for (const program of this.#programs.values()) {
      totals.addProgram(program, counted ? program.counts() : undefined);
    }
    for (const [map, channel] of this.#channels) totals.addBuffer(map, channel.stats);
  }

  close(): void {
    if (this.#closed) return;
    if (this.#pollDepth > 0) {
      this.#closing = true;
      for (const channel of this.#channels.values()) channel.discard();
      return;
    }
    this.#closed = true;
    this.#links[Symbol.dispose]();
    if (this.#loaded) this.#context.noteClosed(this);
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    for (const channel of this.#userChannels.values()) channel[Symbol.dispose]();
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Leaves ranges outside the guest's memory to the open, which refuses them. */
function policyOf(
  { memory, offset, sizeBytes }: ObjectBytes,
  { policy = new Policy(), policyFor }: ObjectContext,
): Policy {
  if (policyFor === undefined) return policy;
  const start = offset >>> 0;
  const end = start + (sizeBytes >>> 0);
  const { bytes } = memory;
  return end > bytes.length ? policy : policyFor(Uint8Array.from(bytes.subarray(start, end)));
}
