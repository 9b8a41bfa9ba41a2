import assert from "node:assert/strict";
import { CliProcess, runCli, WASM_BPF } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";

/** Two records of `u32 pid; char comm[8]`, in two writes, then a table of three rows. */
const GUEST = `(module
  (import "wasm_bpf_ext" "records_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "records_write" (func $write (param i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "records_flush" (func $flush (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "events\\00")
  (data (i32.const 32) "u32 pid; char comm[8]\\00")
  (data (i32.const 64) "\\01\\00\\00\\00init\\1b[0m")
  (data (i32.const 76) "\\02\\00\\00\\00sh\\00\\00\\00\\00\\00\\00")
  (data (i32.const 96) "u32 nonsense\\00")
  (data (i32.const 112) "u99 nonsense\\00")
  (func (export "_start") (local $id i32)
    (local.set $id (call $open (i32.const 16) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0)))
    ;; Not wanted: the guest would print by itself.
    (if (i32.eqz (local.get $id)) (then (call $exit (i32.const 40))))
    (if (i32.ne (local.get $id) (i32.const 1)) (then (call $exit (i32.const 41))))
    (if (i32.ne (call $write (i32.const 1) (i32.const 64) (i32.const 24)) (i32.const 2))
      (then (call $exit (i32.const 42))))
    ;; Half a record, another source, and memory that is not there.
    (if (i32.ne (call $write (i32.const 2) (i32.const 64) (i32.const 12)) (i32.const -9))
      (then (call $exit (i32.const 43))))
    (if (i32.ne (call $write (i32.const 1) (i32.const 65530) (i32.const 12)) (i32.const -14))
      (then (call $exit (i32.const 44))))
    (if (i32.ne (call $open (i32.const 16) (i32.const 112) (i32.const 0) (i32.const 0) (i32.const 0))
        (i32.const -5))
      (then (call $exit (i32.const 45))))
    (if (i32.ne (call $open (i32.const 16) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 2))
        (i32.const -22))
      (then (call $exit (i32.const 46))))
    (if (i32.ne (call $flush (i32.const 1)) (i32.const 0)) (then (call $exit (i32.const 47))))))
`;

async function run(...options: string[]) {
  using folder = new TestFolder();
  const module = await assembleTo(`${folder.path}/guest.wasm`, GUEST);
  return await runCli([...options, module]);
}

Deno.test("a guest prints by itself when no option asks for records", async () => {
  const { code } = await run();
  assert.equal(code, 40);
});

Deno.test("-o jsonl shows the records of a guest, and reports a bad schema", async () => {
  const { code, stdout, stderr } = await run("-o", "jsonl");
  assert.equal(stdout, '{"pid":1,"comm":"init\\u001b[0m"}\n{"pid":2,"comm":"sh"}\n');
  assert.equal(code, 0);
  assert.match(stderr, /unknown type "u99"/);
});

Deno.test("--filter, --fields and --as apply to the records of a guest", async () => {
  const { code, stdout } = await run(
    ...["--filter", 'comm.startsWith("s")', "--fields", "comm,pid", "--as", "pid=hex"],
    ...["-o", "csv"],
  );
  assert.equal(stdout, "comm,pid\r\nsh,0x2\r\n");
  assert.equal(code, 0);
});

Deno.test("--count ends a guest, and -o json closes its array", async () => {
  const { code, stdout } = await run("--count", "1", "-o", "json");
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), [{ pid: 1, comm: "init\x1b[0m" }]);
});

Deno.test("-o json closes its array when a signal ends the guest", async () => {
  using folder = new TestFolder();
  const guest = recordGuest({
    source: "events",
    schema: "u32 pid",
    sizeBytes: 4,
    data: { 100: "\\07\\00\\00\\00" },
  });
  // It goes on after each interrupted sleep.
  const text = guest.replace(/\(drop \(call \$poll[^]*?400\)\)\)/, "(loop $l $& (br $l))");
  const module = await assembleTo(`${folder.path}/guest.wasm`, text);
  await using run = new CliProcess(["-o", "json", module]);
  await run.waitFor(/"pid":7/);
  run.kill("SIGINT");
  const { stdout, signal } = await run.result();
  assert.deepEqual([signal, JSON.parse(stdout)], ["SIGINT", [{ pid: 7 }]]);
});

/** Emits records of one number. */
const ONE_FIELD = recordGuest({
  source: "e",
  schema: "u32 pid",
  sizeBytes: 4,
  data: { 100: "\\07" },
});

Deno.test("a closed reader ends a guest that writes nothing, with 141", async () => {
  using folder = new TestFolder();
  const module = await assembleTo(`${folder.path}/guest.wasm`, ONE_FIELD);
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `(${WASM_BPF} -o jsonl ${module}; echo "code $?" >&2) | head -n 1`],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.deepEqual([decoder.decode(stdout), decoder.decode(stderr)], ['{"pid":7}\n', "code 141\n"]);
});

Deno.test("a full disk ends a guest with an error of the output", async () => {
  using folder = new TestFolder();
  const module = await assembleTo(`${folder.path}/guest.wasm`, ONE_FIELD);
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `exec ${WASM_BPF} -o jsonl ${module} > /dev/full`],
    stdin: "null",
  }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /^error: Cannot write standard output: No space/);
});

Deno.test("an unknown field of a guest's records is refused with the nearest one", async () => {
  const { stderr, stdout } = await run("--fields", "piid");
  assert.match(stderr, /did you mean "pid"/);
  assert.equal(stdout, "");
});

Deno.test("wrong values of options for records are usage errors", async () => {
  for (
    const options of [["-o", "jsno"], ["-o", "csv="], ["--limit", "0"], ["--count", "x"]]
      .concat([["--color", "red"], ["-o", "json", "-o", "csv"]])
  ) {
    const { code } = await run(...options);
    assert.equal(code, 2, options.join(" "));
  }
});

Deno.test("options of objects are usage errors with a module", async () => {
  for (const options of [["--map", "counts"], ["--event", "e={int a;}"], ["--printk"]]) {
    const { code, stderr } = await run(...options);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /it applies to plain eBPF objects/);
  }
});

Deno.test("several sinks get the same records", async () => {
  using folder = new TestFolder();
  const file = `${folder.path}/out.jsonl`;
  const { code, stdout } = await run("-o", "columns", "--no-time", "-o", `jsonl=${file}`);
  assert.equal(code, 0);
  assert.equal(stdout.split("\n")[0], "    PID COMM");
  assert.equal((await Deno.readTextFile(file)).split("\n").length, 3);
});

Deno.test("rows that a guest has not flushed are shown when it ends", async () => {
  using folder = new TestFolder();
  const guest = `(module
    (import "wasm_bpf_ext" "records_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_bpf_ext" "records_write" (func $write (param i32 i32 i32) (result i32)))
    (import "wasm_bpf_ext" "records_flush" (func $flush (param i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "rows\\00")
    (data (i32.const 32) "u8 a\\00")
    (data (i32.const 48) "\\01\\02")
    (func (export "_start")
      (drop (call $open (i32.const 16) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 1)))
      (drop (call $write (i32.const 1) (i32.const 48) (i32.const 1)))
      (drop (call $flush (i32.const 1)))
      (drop (call $write (i32.const 1) (i32.const 49) (i32.const 1)))))`;
  const module = await assembleTo(folder.at("guest.wasm"), guest);
  const { code, stdout } = await runCli(["-o", "jsonl", module]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '{"a":1}\n{"a":2}\n' });
});
