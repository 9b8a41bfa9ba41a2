/** WebAssembly memories that are used again: V8 reserves gigabytes of addresses for each. */

/** Unused memories, by size. Their content is undefined. */
export class MemoryPool {
  readonly #free = new Map<number, WebAssembly.Memory[]>();

  /** Returns a memory of `pages` times 64 KiB; `undefined` when the addresses are exhausted. */
  take(pages: number): WebAssembly.Memory | undefined {
    const known = this.#free.get(pages)?.pop();
    if (known !== undefined) return known;
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch {
      return undefined;
    }
  }

  give(memory: WebAssembly.Memory): void {
    const pages = memory.buffer.byteLength / 65536;
    const list = this.#free.get(pages) ?? [];
    list.push(memory);
    this.#free.set(pages, list);
  }
}
