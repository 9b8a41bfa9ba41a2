/** Way of a feed to the process that serves it: never waits while the run goes on. */
import { HostError } from "../ffi/errors.ts";
import { describeErrno, errno, FeedPipe } from "../runtime/command.ts";
import { FeedKind, feedKind, feedMessage } from "../records/mod.ts";

/** Bytes that may wait for a receiver that is slow; records beyond it are dropped. */
const MAX_WAITING = 16 << 20;
/** Bytes that are sent at once. */
const SEND_BYTES = 32 << 10;
/** Milliseconds after which fewer are sent as well. */
const SEND_AFTER_MS = 50;
/** Milliseconds that the end waits for the receiver. */
const END_MS = 2000;

/** Sends messages through a pipe. */
export class FeedChannel {
  readonly #pipe: FeedPipe;
  readonly #onBroken: () => void;
  #bytes = new Uint8Array(256 << 10);
  #start = 0;
  #end = 0;
  #sentMs = 0;
  #isBroken = false;

  /**
   * Opens the write end of a child's standard input, which never blocks.
   *
   * @param onBroken called once when the receiver is gone
   * @throws {HostError} `SERVICE` if it cannot be opened
   */
  constructor(pid: number, onBroken: () => void) {
    const pipe = FeedPipe.open(pid);
    if (typeof pipe === "number") {
      throw new HostError(`Cannot serve the run's figures: no pipe: ${describeErrno(pipe)}`, {
        code: "SERVICE",
      });
    }
    this.#pipe = pipe;
    this.#onBroken = onBroken;
  }

  /** Takes a message; the bytes are the caller's again afterwards. */
  write(message: Uint8Array): void {
    if (this.#isBroken) return;
    const waiting = this.#end - this.#start;
    if (waiting > MAX_WAITING && isDroppable(message)) return this.flush();
    this.#add(message);
    if (waiting >= SEND_BYTES || performance.now() - this.#sentMs >= SEND_AFTER_MS) this.flush();
  }

  #add(message: Uint8Array): void {
    if (this.#end + message.length > this.#bytes.length) this.#makeRoom(message.length);
    this.#bytes.set(message, this.#end);
    this.#end += message.length;
  }

  #makeRoom(bytes: number): void {
    const waiting = this.#bytes.subarray(this.#start, this.#end);
    const needed = waiting.length + bytes;
    const room = needed <= this.#bytes.length / 2
      ? this.#bytes
      : new Uint8Array(Math.max(this.#bytes.length * 2, needed * 2));
    if (room === this.#bytes) room.copyWithin(0, this.#start, this.#end);
    else room.set(waiting);
    this.#bytes = room;
    this.#start = 0;
    this.#end = waiting.length;
  }

  /** Sends what the pipe has room for. */
  flush(): void {
    this.#sentMs = performance.now();
    while (this.#start < this.#end && !this.#isBroken) {
      const written = this.#pipe.write(this.#bytes.subarray(this.#start, this.#end));
      if (written === -errno("EAGAIN")) return;
      if (written > 0) this.#start += written;
      else {
        this.#isBroken = true;
        this.#onBroken();
      }
    }
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Ends the feed, and waits for the receiver to take it, for a while. */
  end(exitCode: number | undefined): void {
    if (this.#isBroken) return;
    this.#add(feedMessage(FeedKind.End, { exitCode }));
    const until = performance.now() + END_MS;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (this.flush(); this.#start < this.#end && !this.#isBroken; this.flush()) {
      if (performance.now() > until) return;
      Atomics.wait(cell, 0, 0, 5);
    }
  }
}

/** Records are; what gives them a meaning is not. */
function isDroppable(message: Uint8Array): boolean {
  const kind = feedKind(message);
  return kind === FeedKind.Rows || kind === FeedKind.Blocks || kind === FeedKind.Text;
}
