/** An eBPF object that a guest has loaded, and everything made from it. */
import { type BpfLink, type BpfMap, BpfObject, type BpfProgram, takeLog } from "../../ffi/mod.ts";
import { errno, type LinearMemory } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { Pump } from "../pump.ts";
import { attachProgram } from "./attach.ts";
import { diagnoseLoad, diagnoseOpen, withoutPrefix } from "./diagnosis.ts";
import { BpfError } from "./errors.ts";
import { kernelHint } from "./kernel_support.ts";
import {
  type ChannelStats,
  EventChannel,
  type PollArguments,
  type PollContext,
  type ReadArguments,
} from "./event_channel.ts";
import type { Totals } from "./totals.ts";

/**
 * What libbpf calls every guest's object. Guests name objects as they like; {@linkcode
 * GuestObject.findMap} takes global data by any name's prefix.
 */
const OBJECT_NAME = "guest";

/** `BPF_MAP_TYPE_STRUCT_OPS`. */
const STRUCT_OPS = 26;

/**
 * Owns the object, its links and its buffers. `close()` detaches and unloads; inside a poll of one of
 * its buffers that takes effect when the poll returns.
 */
export class GuestObject implements Disposable {
  readonly #object: BpfObject;
  readonly #programs = new Map<string, BpfProgram>();
  readonly #maps = new Map<string, BpfMap>();
  readonly #links = new Set<BpfLink>();
  readonly #channels = new Map<BpfMap, EventChannel>();
  #pollDepth = 0;
  #closing = false;
  #closed = false;
  readonly #onClose: (object: GuestObject) => void;

  private constructor(object: BpfObject, onClose: (object: GuestObject) => void) {
    this.#object = object;
    this.#onClose = onClose;
    for (const program of object.programs()) this.#programs.set(program.name, program);
    for (const map of object.maps()) this.#maps.set(map.name, map);
  }

  /**
   * Opens and loads an object from guest memory.
   *
   * @param notice gets what is worth knowing though it is no error
   * @param onClose gets the object when everything is detached, before it is unloaded
   * @throws {BpfError}
   */
  static load(
    source: { memory: LinearMemory; offset: number; sizeBytes: number },
    notice: (text: string) => void,
    onClose: (object: GuestObject) => void,
  ): GuestObject {
    takeLog();
    const object = BpfObject.open(source, OBJECT_NAME);
    if (typeof object === "number") throw diagnoseOpen(object, takeLog());
    try {
      const pins = object.forgetPins();
      if (pins > 0) notice(`${pins} maps ask to be pinned; a guest's maps are not`);
      const result = object.load();
      const log = takeLog();
      if (result < 0) {
        throw diagnoseLoad(result, log, (name) => {
          const program = object.programs().find((candidate) => candidate.name === name);
          return program && kernelHint(program, result);
        });
      }
      if (log !== "") notice(withoutPrefix(log).trimEnd());
      return new GuestObject(object, onClose);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  get programNames(): string[] {
    return [...this.#programs.keys()];
  }

  get mapNames(): string[] {
    return [...this.#maps.keys()];
  }

  /**
   * A map by its name. Global data is found as `.rodata` and as `<any object name>.rodata`: libbpf puts
   * the start of the object's name in front, which the guest chose and the kernel does not know.
   */
  findMap(name: string): BpfMap | undefined {
    const map = this.#maps.get(name);
    if (map !== undefined) return map;
    const dot = name.indexOf(".");
    return dot < 0 ? undefined : this.#maps.get(`${OBJECT_NAME}${name.slice(dot)}`);
  }

  /**
   * Attaches a program to a target, or as its section says when that is empty; see
   * `docs/attach-targets.md`. It stays attached until {@linkcode detach} or `close()`.
   *
   * @returns the link, which the object goes on owning
   * @throws {BpfError}
   */
  attach(name: string, target: string): BpfLink {
    const program = this.#programs.get(name);
    if (program === undefined) {
      throw new BpfError(`attach program "${name}"`, errno("ENOENT"), {
        reason: "the eBPF object has no program of that name",
        hint: `it has: ${this.programNames.join(", ") || "none"}`,
      });
    }
    const link = attachProgram(program, target, {
      find: (map) => this.findMap(map),
      structOps: () => [...this.#maps.values()].filter((map) => map.type === STRUCT_OPS),
    });
    this.#links.add(link);
    return link;
  }

  /** Detaches what {@linkcode attach} returned; false when it is none of this object's. */
  detach(link: BpfLink): boolean {
    if (!this.#links.delete(link)) return false;
    link.close();
    return true;
  }

  /**
   * Polls a ring buffer or perf event array; the first call opens it.
   *
   * @returns number of events, the callback's negative result, or a negative errno
   */
  poll(map: BpfMap, context: PollContext, pump: Pump, args: PollArguments): number {
    const channel = this.#channel(map, context);
    if (typeof channel === "number") return channel;
    this.#pollDepth += 1;
    try {
      return channel.poll(pump, args);
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
    const opened = EventChannel.open(map, context);
    if (typeof opened !== "number") this.#channels.set(map, opened);
    return opened;
  }

  /** What a map's buffer has seen; `undefined` when nobody has polled or read it. */
  statsOf(map: BpfMap): ChannelStats | undefined {
    return this.#channels.get(map)?.stats;
  }

  /** @param counted whether the kernel counts what programs do */
  addTo(totals: Totals, counted: boolean): void {
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
    for (const link of this.#links) link.close();
    this.#onClose(this);
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
