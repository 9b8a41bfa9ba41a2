/** Files that keep a command waiting: FIFOs without their other end, and input that never comes or ends. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BOOTSTRAP, CliProcess, runCli, WASM_BPF } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";
import { until } from "../support/condition.ts";

const OBJECT = fromFileUrl("../../dist/examples/embedding/events.bpf.o");

/** A directory with a FIFO that no process has open. */
async function withFifo(work: (fifo: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const fifo = join(folder, "fifo");
  try {
    await succeed("mkfifo", fifo);
    await work(fifo, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Command lines that wait for the other end of the FIFO. */
const WAITING: readonly (readonly [title: string, words: (fifo: string) => string[]])[] = [
  ["the module", (fifo) => [fifo]],
  ["the types", (fifo) => ["--types", fifo, OBJECT]],
  ["records of a module", (fifo) => ["-o", `jsonl=${fifo}`, BOOTSTRAP]],
  ["records of an object", (fifo) => ["-o", `jsonl=${fifo}`, OBJECT]],
  ["standard output", (fifo) => ["--stdout", fifo, BOOTSTRAP]],
];

Deno.test("--timeout ends the wait for a FIFO's other end, with 124", async () => {
  await Promise.all(WAITING.map(([title, words]) =>
    withFifo(async (fifo) => {
      const { code, stderr } = await runCli(["--timeout", "300ms", ...words(fifo)], {
        through: ["timeout", "-s", "KILL", "60"],
      });
      assert.equal(code, 124, `${title}: ${stderr}`);
      assert.match(stderr, /^error: Cannot (read|write) /, title);
    })
  ));
});

/** Waits with handlers of signals; in the others, a signal has its usual effect. */
const INTERRUPTED: typeof WAITING = [
  ["standard output", (fifo) => ["--stdout", fifo, BOOTSTRAP]],
  ["push", (fifo) => ["push", fifo, "127.0.0.1:1/x:y"]],
];

/** Reports whether the process handles SIGINT by now. */
async function handles(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const [, caught = "0"] = /^SigCgt:\s*(\w+)$/m.exec(status) ?? [];
  return (BigInt(`0x${caught}`) & 2n) !== 0n;
}

Deno.test("the first Ctrl-C ends the wait for a FIFO's other end", async () => {
  await Promise.all(INTERRUPTED.map(([title, words]) =>
    withFifo(async (fifo) => {
      await using process = new CliProcess(words(fifo));
      await until(`${title} handles signals`, () => handles(process.pid));
      process.kill("SIGINT");
      let ended = false;
      const result = process.result().finally(() => ended = true);
      await until(`${title} ends`, () => ended);
      const { code, stderr } = await result;
      assert.equal(code, 130, `${title}: ${stderr}`);
    })
  ));
});

Deno.test("--timeout ends the wait for a module on standard input, with 124", async () => {
  const child = new Deno.Command("timeout", {
    args: ["-s", "KILL", "60", WASM_BPF, "--timeout", "300ms", "-"],
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const { code, stderr } = await child.output();
  await child.stdin.close();
  assert.equal(code, 124);
  assert.match(new TextDecoder().decode(stderr), /Cannot read standard input: not complete within/);
});

Deno.test("a FIFO is read and written once its other end is there", async () => {
  await withFifo(async (fifo, folder) => {
    const into = join(folder, "out");
    const shell = (script: string) => succeed("sh", "-c", script, "sh", WASM_BPF, fifo, into);
    await shell(
      `timeout 60 cp "${BOOTSTRAP}" "$2" & "$1" --timeout 60s "$2" --help > "$3" 2>&1 || true`,
    );
    assert.match(await Deno.readTextFile(into), /usage|minimum|duration/i);
    await shell(
      `timeout 60 cat "$2" > "$3" & "$1" --timeout 60s --stdout "$2" "${BOOTSTRAP}" --help; wait`,
    );
    const { stdout } = await runCli([BOOTSTRAP, "--help"]);
    assert.equal(await Deno.readTextFile(into), stdout);
    await shell(
      `timeout 60 cat "$2" > "$3" & "$1" --timeout 300ms -o "jsonl=$2" "${OBJECT}"; wait`,
    );
    assert.match(await Deno.readTextFile(into), /^(\{.*\}\n)*$/);
  });
});

Deno.test("input that never ends is refused by its start", async () => {
  await Promise.all([
    [
      `head -c 8 "${BOOTSTRAP}"; cat /dev/zero`,
      /not a valid module: custom section without a name/,
    ],
    [`head -c 100 "${OBJECT}"; cat /dev/zero`, /larger than 64 MiB/],
    [`cat /dev/zero`, /not a WebAssembly module/],
  ].map(async ([source, expected]) => {
    const script = `{ ${source}; } 2>&- | timeout -s KILL 60 "$0" -`;
    const { stderr, code } = await new Deno.Command("sh", {
      args: ["-c", script, WASM_BPF],
      stderr: "piped",
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), expected as RegExp);
  }));
});

Deno.test("gen and package refuse an endless file by its start", async () => {
  for (
    const [words, reason] of [
      [["gen", "c"], /neither an ELF file nor raw BTF/],
      [["package"], /not a module, an eBPF object or a package/],
    ] as const
  ) {
    const { code, stderr } = await runCli([...words, "/dev/zero"]);
    assert.deepEqual([code, reason.test(stderr)], [1, true], stderr);
  }
});

Deno.test("files that are read whole are refused if they are not regular", async () => {
  await withFifo(async (fifo) => {
    const { code, stderr } = await runCli(["up", fifo]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot read ".*": not a regular file/);
  });
});

Deno.test("descriptors are read by their paths, as of a shell's <(COMMAND)", async () => {
  const script = `
    "$0" <(cat "$1") --help && "$0" inspect <(cat "$2") && "$0" /dev/stdin --help <"$1" &&
    cat "$1" | "$0" /proc/self/fd/0 --help && "$0" --timeout 10s run /dev/fd/7 --help 7<"$1"
  `;
  const shown = await succeed("bash", "-ec", script, WASM_BPF, BOOTSTRAP, OBJECT);
  assert.equal(shown.split("Usage: ").length, 5, shown);
  assert.match(shown, /^eBPF object/m);
  const { code, stderr } = await runCli(["/proc/self"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot run "\/proc\/self": it is a directory/);
});
