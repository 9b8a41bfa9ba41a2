/** The links of an object, and the passes of those that are iterators. */
import { BpfIterator, type BpfLink, errno, type ObjectBytes } from "../../ffi/mod.ts";
import type { LinkCount } from "../../ebpf/mod.ts";
import type { WaitContext } from "./events/event_channel.ts";

/** A read that is to be gone on with. */
const RESTART = -errno("ERESTART");

/** Owns links, each until it is closed by itself or with all others. */
export class Links implements Disposable {
  readonly #count: LinkCount | undefined;
  readonly #links = new Set<BpfLink>();
  readonly #iterators = new Map<BpfLink, BpfIterator>();

  /** @param count of the run that they belong to; default: nothing counts them */
  constructor(count?: LinkCount) {
    this.#count = count;
  }

  /**
   * Attaches by `attach`, and owns the link.
   *
   * @param op what it is for, as {@linkcode BpfError.op}
   * @throws {BpfError} EMFILE when the run has too many, and what `attach` throws
   */
  add(op: string, attach: () => BpfLink): BpfLink {
    this.#count?.take(op);
    try {
      const link = attach();
      this.#links.add(link);
      return link;
    } catch (error) {
      this.#count?.give();
      throw error;
    }
  }

  /** Detaches; false for a link that is none of these. */
  close(link: BpfLink): boolean {
    if (!this.#links.delete(link)) return false;
    this.#count?.give();
    this.#endPass(link);
    link.close();
    return true;
  }

  /**
   * Reads on in what an iterator prints; the first call, and the one after its end, start a pass.
   *
   * @returns bytes written, 0 at the end, or a negative errno; after -EINTR the pass goes on
   */
  read(link: BpfLink, context: WaitContext, buffer: ObjectBytes): number {
    let iterator = this.#iterators.get(link);
    if (iterator === undefined) {
      const opened = BpfIterator.open(link, context.interrupt);
      if (typeof opened === "number") return opened;
      iterator = opened;
      this.#iterators.set(link, iterator);
    }
    const { memory, offset, sizeBytes } = buffer;
    let length = iterator.read(memory, offset, sizeBytes);
    while (length === RESTART) {
      context.attend();
      length = iterator.read(memory, offset, sizeBytes);
    }
    if (length === 0 && sizeBytes > 0) this.#endPass(link);
    return length;
  }

  #endPass(link: BpfLink): void {
    this.#iterators.get(link)?.close();
    this.#iterators.delete(link);
  }

  [Symbol.dispose](): void {
    for (const link of this.#links) this.close(link);
  }
}
