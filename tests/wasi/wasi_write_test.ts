/** `fd_write`: lists of ranges, results, and ranges outside the memory. */
import assert from "node:assert/strict";
import { errno, system } from "../../ffi/mod.ts";
import { type Host, host, PAGE } from "../support/wasi_calls.ts";

/** A file, and its descriptor in this process, which Deno does not expose. */
class OpenFile implements Disposable {
  readonly #path = Deno.makeTempFileSync();
  readonly #file = Deno.openSync(this.#path, { write: true });
  readonly fd: number;

  constructor() {
    const entry = [...Deno.readDirSync("/proc/self/fd")].find(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`) === this.#path;
      } catch {
        // The descriptor that lists the folder is gone by now.
        return false;
      }
    });
    this.fd = Number(entry?.name);
  }

  get content(): string {
    return Deno.readTextFileSync(this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
    Deno.removeSync(this.#path);
  }
}

/** Where the list of ciovecs, the count of written bytes and the text stand. */
const [LIST, WRITTEN, TEXT] = [8192, 4096, 32768];

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Writes ranges of the alphabet, or any others, by `shim_fd__write`. */
function write(
  { memory, view }: Host,
  file: OpenFile,
  ranges: readonly (readonly [offset: number, size: number])[],
): number {
  memory.write(TEXT, new TextEncoder().encode(LETTERS));
  ranges.forEach(([offset, size], i) => {
    view.setUint32(LIST + i * 8, offset, true);
    view.setUint32(LIST + i * 8 + 4, size, true);
  });
  return system.write(file.fd, memory.linear, LIST, ranges.length, WRITTEN);
}

Deno.test("fd_write gathers ciovecs in their order", () => {
  using wasi = host();
  using file = new OpenFile();
  assert.equal(write(wasi, file, [[TEXT + 3, 2], [TEXT, 1], [TEXT + 25, 1]]), 0);
  assert.equal(file.content, "deaz");
  assert.equal(wasi.view.getUint32(WRITTEN, true), 4);
});

Deno.test("fd_write of no ciovecs, or of empty ones, writes nothing", () => {
  using wasi = host();
  using file = new OpenFile();
  for (const ranges of [[], [[TEXT, 0]], [[TEXT, 0], [PAGE, 0], [0xffff_ffff, 0]]] as const) {
    wasi.view.setUint32(WRITTEN, 99, true);
    assert.equal(write(wasi, file, ranges), 0);
    assert.equal(wasi.view.getUint32(WRITTEN, true), 0);
  }
  assert.equal(file.content, "");
});

Deno.test("fd_write passes over empty ciovecs, however many", () => {
  using wasi = host();
  using file = new OpenFile();
  const empty = Array.from({ length: 500 }, () => [TEXT, 0] as const);
  assert.equal(write(wasi, file, [...empty, [TEXT, 3], ...empty, [TEXT + 3, 2]]), 0);
  assert.equal(file.content, "abcde");
});

Deno.test("fd_write of many ciovecs writes the first of them and returns how much", () => {
  using wasi = host();
  using file = new OpenFile();
  const ranges = Array.from({ length: 1000 }, (_, i) => [TEXT + i % 26, 1] as const);
  assert.equal(write(wasi, file, ranges), 0);
  const written = wasi.view.getUint32(WRITTEN, true);
  assert.ok(written >= 1 && written <= 1000);
  assert.equal(file.content, LETTERS.repeat(39).slice(0, written));
});

Deno.test("fd_write takes a whole memory, and the last byte alone", () => {
  using wasi = host();
  using file = new OpenFile();
  assert.equal(write(wasi, file, [[0, PAGE], [PAGE - 1, 1]]), 0);
  assert.equal(file.content.length, PAGE + 1);
});

Deno.test("fd_write faults at a range outside, and writes nothing at all", () => {
  using wasi = host();
  using file = new OpenFile();
  for (
    const range of [[PAGE, 1], [PAGE - 1, 2], [0, PAGE + 1], [0xffff_ffff, 1], [
      0xffff_ffff,
      0xffff_ffff,
    ], [TEXT, 0xffff_ffff]] as const
  ) {
    assert.equal(write(wasi, file, [[TEXT, 1], range]), -errno("EFAULT"), String(range));
  }
  assert.equal(file.content, "");
});

Deno.test("fd_write faults at a list or a result outside, and writes nothing at all", () => {
  using wasi = host();
  using file = new OpenFile();
  write(wasi, file, []);
  wasi.view.setUint32(LIST, TEXT, true);
  wasi.view.setUint32(LIST + 4, 1, true);
  const { linear } = wasi.memory;
  for (
    const [list, count, written] of [
      [LIST, 0xffff_ffff, WRITTEN],
      [LIST, 0x2000_0000, WRITTEN],
      [LIST, (PAGE - LIST) / 8 + 1, WRITTEN],
      [PAGE - 7, 1, WRITTEN],
      [0xffff_ffff, 1, WRITTEN],
      [LIST, 1, PAGE - 3],
      [LIST, 1, 0xffff_fffc],
    ] as const
  ) {
    const result = system.write(file.fd, linear, list, count, written);
    assert.equal(result, -errno("EFAULT"), `${list} ${count} ${written}`);
  }
  assert.equal(file.content, "");
});
