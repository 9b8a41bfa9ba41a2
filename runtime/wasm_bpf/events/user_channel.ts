/** One user ring buffer that a guest submits samples to. */
import { type BpfMap, errno, UserRing } from "../../../ffi/mod.ts";
import type { GuestMemory } from "../../guest_memory.ts";
import type { PollContext } from "./event_channel.ts";

/** A wait that is to be gone on with. */
const RESTART = -errno("ERESTART");

/** Parts of the guest that submitting needs. */
export interface SubmitContext extends PollContext {
  readonly memory: GuestMemory;
}

/** Samples on their way from a guest to its eBPF programs. */
export class UserChannel implements Disposable {
  readonly #ring: UserRing;
  readonly #context: SubmitContext;

  private constructor(ring: UserRing, context: SubmitContext) {
    this.#ring = ring;
    this.#context = context;
  }

  /** Returns -EINVAL when the map is not a user ring buffer. */
  static open(map: BpfMap, context: SubmitContext): UserChannel | number {
    const ring = UserRing.open(map, context.interrupt);
    return typeof ring === "number" ? ring : new UserChannel(ring, context);
  }

  /**
   * Copies a sample from guest memory into the ring, waiting for room.
   *
   * @param data unsigned offset
   * @returns 0, or a negative errno
   */
  submit(data: number, sizeBytes: number, timeoutMs: number): number {
    const { linear } = this.#context.memory;
    const end = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
    let result = this.#ring.submit(linear, data, sizeBytes, timeoutMs);
    while (result === RESTART) {
      this.#context.attend();
      const left = timeoutMs > 0 ? Math.max(0, Math.ceil(end - performance.now())) : timeoutMs;
      result = this.#ring.submit(linear, data, sizeBytes, left);
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#ring.close();
  }
}
