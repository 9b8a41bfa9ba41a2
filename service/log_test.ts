import assert from "node:assert/strict";
import { join } from "node:path";
import { formatLines, LineParser, MAX_LINE_BYTES } from "./log_line.ts";
import { readLog } from "./log_reader.ts";
import { LOG_FILES, LogWriter } from "./log_writer.ts";
import { withFolder } from "../tests/support/folder.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function texts(path: string): Promise<string[]> {
  const all: string[] = [];
  for await (const lines of readLog(path)) all.push(...lines.map(({ text }) => text));
  return all;
}

Deno.test("LogWriter writes lines that arrive in pieces, each with its stream", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "log");
    {
      using log = new LogWriter(path, { maxBytes: 1 << 20 });
      log.write("stdout", encode("on"));
      log.write("stderr", encode("error\n"));
      log.write("stdout", encode("e\n\ntw"));
      log.write("stdout", encode("o"));
    }
    const lines = [];
    for await (const batch of readLog(path)) lines.push(...batch);
    assert.deepEqual(lines.map(({ stream, text }) => [stream, text]), [
      ["stderr", "error"],
      ["stdout", "one"],
      ["stdout", ""],
      ["stdout", "two"],
    ]);
  });
});

Deno.test("formatLines() splits a long line, and LineParser joins it", () => {
  const text = "x".repeat(MAX_LINE_BYTES * 2 + 5);
  const options = { time: "2026-01-01T00:00:00Z", stream: "stdout", isEnd: false } as const;
  const { bytes, lines, rest } = formatLines(encode(`${text}\ny`), options);
  assert.deepEqual([lines, new TextDecoder().decode(rest)], [3, "y"]);
  const parser = new LineParser();
  const parsed = new TextDecoder().decode(bytes).trimEnd().split("\n")
    .flatMap((line) => parser.parse(line) ?? []);
  assert.deepEqual(parsed.map(({ text }) => text), [text]);
});

Deno.test("LogWriter stays within its bound and keeps the newest lines", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "log");
    const maxBytes = 50_000;
    using log = new LogWriter(path, { maxBytes });
    for (let i = 0; i < 5000; i++) log.write("stdout", encode(`line ${i}\n`));
    const files = await Array.fromAsync(Deno.readDir(folder));
    const size = files.reduce((sum, { name }) => sum + Deno.statSync(join(folder, name)).size, 0);
    assert.equal(files.length, LOG_FILES);
    assert.ok(size <= maxBytes, `${size}`);
    const kept = await texts(path);
    assert.ok(kept.length > 500);
    assert.deepEqual(kept, kept.map((_, i) => `line ${5000 - kept.length + i}`));
  });
});

Deno.test("LogWriter drops lines while the disk is full, and reports how many", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "log");
    await Deno.symlink("/dev/full", path);
    const log = new LogWriter(path, { maxBytes: 1 << 20 });
    log.write("stdout", encode("lost\nlost\n"));
    assert.equal(log.dropped, 2);
    log[Symbol.dispose]();
    await Deno.remove(path);
    log.write("stdout", encode("kept\n"));
    log[Symbol.dispose]();
    assert.deepEqual(await texts(path), [
      "wasm-bpf: 2 lines dropped: no space for the log",
      "kept",
    ]);
  });
});

Deno.test("LogWriter keeps older files when a new one cannot be opened", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "log");
    const older = Array.from({ length: LOG_FILES - 1 }, (_, i) => `${path}.${i + 1}`);
    for (const name of older) await Deno.writeTextFile(name, "");
    await Deno.mkdir(path);
    const log = new LogWriter(path, { maxBytes: 1 << 20 });
    log.write("stdout", encode("lost\n"));
    assert.equal(log.dropped, 1);
    for (const name of older) assert.ok((await Deno.stat(name)).isFile, name);
    log[Symbol.dispose]();
  });
});

Deno.test("readLog() follows a log through its rotation", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "log");
    using log = new LogWriter(path, { maxBytes: 5000 });
    let written = 0;
    const seen: string[] = [];
    const goesOn = () => {
      // Two files may fill between two looks of the reader, which still finds them.
      for (let i = 0; i < 30 && written < 300; i++) {
        log.write("stdout", encode(`line ${written++}\n`));
      }
      return seen.length < 300;
    };
    for await (const lines of readLog(path, { goesOn })) {
      seen.push(...lines.map(({ text }) => text));
    }
    assert.deepEqual(seen, Array.from({ length: 300 }, (_, i) => `line ${i}`));
  });
});

Deno.test("LineParser skips what is not a line", () => {
  const parser = new LineParser();
  for (const line of ["", "x", "2026 stdin F x", "2026-01-01T00:00:00Z stdout X y", "\0\0\0"]) {
    assert.equal(parser.parse(line), undefined);
  }
});
