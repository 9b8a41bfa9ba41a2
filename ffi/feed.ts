/** Pipe to a child's standard input that never makes the writer wait. */
import { shim } from "./library.ts";

/** Write end of a child's standard input, which stays open until the process ends. */
export class FeedPipe {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Opens the standard input of a child that was started with a pipe; or returns a negative errno. */
  static open(pid: number): FeedPipe | number {
    const descriptor = shim().shim_feed__open(pid);
    return descriptor < 0 ? descriptor : new FeedPipe(descriptor);
  }

  /**
   * Writes as many bytes as there is room for.
   *
   * @returns their number, or a negative errno: EAGAIN without room, EPIPE without a reader
   */
  write(bytes: Uint8Array<ArrayBuffer>): number {
    return shim().shim_feed__write(this.#descriptor, bytes, bytes.length);
  }
}
