/** Pages that are open, and what is sent to all of them. */

/** Bytes that may wait for one page before messages are left out. */
const MAX_WAITING = 2 << 20;
/** Pages that are open at the same time. */
const MAX_PAGES = 16;

interface Page {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Messages left out, since the page is slow. */
  skipped: number;
}

const encoder = new TextEncoder();

/** Feeds of open pages: lines of JSON. */
export class FeedPages {
  readonly #pages = new Set<Page>();

  /** Number of open pages. */
  get size(): number {
    return this.#pages.size;
  }

  /**
   * Returns the feed of one page, or undefined when too many are open.
   *
   * @param beginning returns the messages that it begins with
   */
  subscribe(beginning: () => readonly string[]): ReadableStream<Uint8Array> | undefined {
    if (this.#pages.size >= MAX_PAGES) return undefined;
    let page: Page;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        page = { controller, skipped: 0 };
        controller.enqueue(encoder.encode(`${beginning().join("\n")}\n`));
        this.#pages.add(page);
      },
      cancel: () => {
        this.#pages.delete(page);
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING }));
  }

  /**
   * Sends a message to all pages.
   *
   * @param canSkip true if a slow page does without it
   */
  send(message: string, { canSkip = false } = {}): void {
    if (this.#pages.size === 0) return;
    const bytes = encoder.encode(`${message}\n`);
    for (const page of this.#pages) {
      if (canSkip && (page.controller.desiredSize ?? 0) <= 0) {
        page.skipped += 1;
        continue;
      }
      if (page.skipped > 0) {
        page.controller.enqueue(encoder.encode(`{"t":"skipped","messages":${page.skipped}}\n`));
        page.skipped = 0;
      }
      page.controller.enqueue(bytes);
    }
  }

  /** Ends all feeds. */
  end(): void {
    this.send('{"t":"end"}');
    for (const page of this.#pages) close(page);
    this.#pages.clear();
  }
}

function close({ controller }: Page): void {
  try {
    controller.close();
  } catch {
    // The page has gone meanwhile.
  }
}
