/** Records of guests and plain objects, as async iterators of the library. */
import assert from "node:assert/strict";
import {
  compileGuest,
  GuestTrap,
  HostError,
  HostFunctionError,
  KeptRecords,
  type RecordIterator,
  runGuest,
  spawn,
  traceObject,
} from "../../mod.ts";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import "../support/whole_shim.ts";
import { assemble } from "../support/wat.ts";

/** Guest with sources `events` and `rows`, that writes `count` records with the numbers from 0 on. */
function emitter(count: number, end = "") {
  const text = `(module
    (import "wasm_bpf_ext" "records_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_bpf_ext" "records_write" (func $write (param i32 i32 i32) (result i32)))
    (import "wasm_bpf_ext" "records_flush" (func $flush (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (data (i32.const 16) "events\\00") (data (i32.const 32) "rows\\00")
    (data (i32.const 64) "u64 n; u32 saddr @ipv4; u8 kind @enum(EXEC, EXIT); char comm[3]\\00")
    (data (i32.const 256) "u32 key; s64 value\\00")
    (data (i32.const 520) "\\7f\\00\\00\\01\\01ab\\00")
    (func (export "_start") (local $n i64) (local $events i32) (local $rows i32)
      (local.set $events
        (call $open (i32.const 16) (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 0)))
      (local.set $rows
        (call $open (i32.const 32) (i32.const 256) (i32.const 0) (i32.const 0) (i32.const 1)))
      ;; Not wanted: the guest would print by itself.
      (if (i32.eqz (local.get $events)) (then (call $exit (i32.const 40))))
      (i64.store (i32.const 1032) (i64.const -5))
      (drop (call $write (local.get $rows) (i32.const 1024) (i32.const 16)))
      (drop (call $flush (local.get $rows)))
      (drop (call $write (local.get $rows) (i32.const 1024) (i32.const 16)))
      (loop $again
        (if (i64.lt_u (local.get $n) (i64.const ${count})) (then
          (i64.store (i32.const 512) (local.get $n))
          (if (i32.ne (call $write (local.get $events) (i32.const 512) (i32.const 16)) (i32.const 1))
            (then (call $exit (i32.const 41))))
          (local.set $n (i64.add (local.get $n) (i64.const 1)))
          (br $again))))
      ${end}))`;
  return compileGuest(assemble(text), "emitter");
}

interface Event {
  n: bigint;
  saddr: number;
  kind: number;
  comm: string;
}

async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(records);
}

async function rejection(promise: Promise<unknown>): Promise<HostError> {
  const error = await promise.then(() => assert.fail("it did not reject"), (error) => error);
  assert.ok(error instanceof HostError, String(error));
  return error;
}

Deno.test("records() of a spawned guest yields every record in order, and rows by interval", async () => {
  await using run = spawn(emitter(3), { records: true });
  const [events, shown, batches] = await Promise.all([
    all(run.records<Event>("events")),
    all(run.shownRecords("events")),
    all(run.batches("rows")),
  ]);
  assert.deepEqual(events[2], { n: 2n, saddr: 0x0100007f, kind: 1, comm: "ab" });
  assert.deepEqual(events.map(({ n }) => n), [0n, 1n, 2n]);
  assert.deepEqual({ ...shown[2] }, { n: 2n, saddr: "127.0.0.1", kind: "EXIT", comm: "ab" });
  assert.deepEqual(batches.map(({ interval, bytes }) => [interval, bytes.length]), [[0, 16], [
    1,
    16,
  ]]);
  assert.deepEqual(await run.exited, { kind: "exited", code: 0 });
  assert.deepEqual(
    run.sources.map(({ name, kind, records, dropped }) => [name, kind, records, dropped]),
    [["events", "events", 3, 0], ["rows", "table", 2, 0]],
  );
});

Deno.test("a slow iterator holds the guest back, and loses nothing", async () => {
  const count = 8_000;
  await using run = spawn(emitter(count), { records: true });
  const events = run.records<Event>("events");
  const first = await events.next();
  assert.equal(first.value?.n, 0n);
  // The guest stops when a mebibyte is on its way: what came stays far below what it has to write.
  let came = -1;
  await until("the guest waits", () => {
    const { records = 0 } = run.sources.find(({ name }) => name === "events") ?? {};
    const isSame = records === came;
    came = records;
    return isSame && records > 0;
  });
  assert.ok(came < count / 2, `${came} came`);
  let next = 1n;
  for await (const { n } of events) assert.equal(n, next++);
  assert.equal(next, BigInt(count));
  assert.equal(events.dropped, 0);
});

Deno.test('with whenFull "drop" the guest does not wait, and records are counted', async () => {
  const count = 8_000;
  const room = { whenFull: "drop", maxBytes: 16_000 } as const;
  await using run = spawn(emitter(count), { records: room });
  const slow = run.records<Event>("events");
  assert.equal((await run.exited).kind, "exited");
  const taken = await all(slow);
  assert.equal(taken.length, 1000);
  assert.equal(slow.dropped, count - 1000);
  assert.equal(run.sources.find(({ name }) => name === "events")?.dropped, count - 1000);
});

Deno.test("an iterator ends by break, and the guest goes on without it", async () => {
  await using run = spawn(emitter(8_000), { records: true });
  for await (const { n } of run.records<Event>("events")) if (n === 5n) break;
  assert.deepEqual(await run.exited, { kind: "exited", code: 0 });
  const { records, dropped } = run.sources[0] ?? { records: 0, dropped: 0 };
  assert.equal(records, 8_000);
  assert.ok(dropped > 0 && dropped < records);
});

Deno.test("an iterator ends by its signal, with the signal's reason", async () => {
  await using run = spawn(emitter(8_000), { records: true });
  const controller = new AbortController();
  const reason = new Error("enough");
  const events = run.records<Event>("events", { signal: controller.signal });
  await events.next();
  controller.abort(reason);
  await assert.rejects(events.next(), reason);
  assert.deepEqual(await events.next(), { done: true, value: undefined });
  await assert.rejects(run.records("events", { signal: AbortSignal.abort(reason) }).next(), reason);
  assert.equal((await run.exited).kind, "exited");
});

Deno.test("iterators end by a trap after what the guest wrote before it", async () => {
  await using run = spawn(emitter(3, "unreachable"), { records: true });
  const seen: bigint[] = [];
  const error = await rejection((async () => {
    for await (const { n } of run.records<Event>("events")) seen.push(n);
  })());
  assert.ok(error instanceof GuestTrap);
  assert.deepEqual(seen, [0n, 1n, 2n]);
});

Deno.test("iterators end with a guest that is terminated while it waits for them", async () => {
  const run = spawn(emitter(1_000_000), { records: true });
  const events = run.records<Event>("events");
  await events.next();
  assert.deepEqual(await run.terminate(), { kind: "terminated" });
  let last = 0n;
  for await (const { n } of events) last = n;
  assert.ok(last < 999_999n);
});

Deno.test("a name that the run does not have is an error with the nearest one", async () => {
  await using run = spawn(emitter(1, "(loop $l (br $l))"), { records: true });
  const error = await rejection(run.records("evnts").next());
  assert.equal(error.code, "NO_SOURCE");
  assert.match(error.hint ?? "", /did you mean "events"\? sources: "events", "rows"/);
  // The sources are known from now on.
  assert.equal((await rejection(run.records("row").next())).code, "NO_SOURCE");
  const waits = run.records("later", { wait: true });
  const next = waits.next();
  await run.terminate();
  assert.equal((await rejection(next)).code, "NO_SOURCE");
});

Deno.test("records() without `records` is an error, and the guest prints by itself", async () => {
  await using run = spawn(emitter(1));
  assert.throws(() => run.records("events"), (error: HostError) => error.code === "NO_RECORDS");
  assert.deepEqual(await run.exited, { kind: "exited", code: 40 });
});

Deno.test("KeptRecords has the records of a guest on the calling thread", async () => {
  const records = new KeptRecords({ maxBytes: 32 });
  const numbers: bigint[] = [];
  records.each<Event>("events", ({ n }) => void numbers.push(n));
  const events = records.records<Event>("events");
  const wrong = records.records("row");
  assert.equal(runGuest(emitter(4), { records }), 0);
  assert.deepEqual(numbers, [0n, 1n, 2n, 3n]);
  assert.deepEqual((await all(events)).map(({ n }) => n), [0n, 1n]);
  assert.equal(events.dropped, 2);
  assert.match((await rejection(wrong.next())).hint ?? "", /did you mean "rows"/);
});

Deno.test("each() that throws ends the guest", () => {
  const records = new KeptRecords();
  records.each("events", () => {
    throw new Error("no more");
  });
  assert.throws(() => runGuest(emitter(4), { records }), HostFunctionError);
});

const object = (name: string) =>
  Deno.readFileSync(fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`));
const { symbols: libc } = Deno.dlopen("libc.so.6", {
  getpgid: { parameters: ["i32"], result: "i32" },
});

/** `struct event` of tests/objects/events.bpf.c. */
interface ObjectEvent {
  number: number;
  value: bigint;
  comm: string;
}

Deno.test("records() of a plain object yields its events, to several iterators", async () => {
  const before = await bpfState();
  const run = traceObject(object("ring-debug"), { set: { targ_pid: Deno.pid } });
  const typed: RecordIterator<ObjectEvent> = run.records("events");
  const batches = run.batches("events");
  await run.attached;
  for (let i = 0; i < 5; i++) libc.getpgid(0);
  for (let i = 0; i < 5; i++) {
    const { value } = await typed.next();
    assert.deepEqual({ ...value, comm: "" }, { number: 7, value: 1234567n, comm: "" });
    assert.match(value?.comm ?? "", /./);
  }
  const { value: batch } = await batches.next();
  assert.deepEqual(batch?.schema.fields.map(({ name }) => name), ["number", "value", "comm"]);
  assert.equal((await rejection(run.records("event").next())).code, "NO_SOURCE");
  run.interrupt();
  assert.deepEqual(await typed.next(), { done: true, value: undefined });
  assert.deepEqual(await run.exited, { kind: "exited", code: 0 });
  await untilNothingAdded(before);
});

Deno.test("records() of a plain object yields rows of maps, and its last look", async () => {
  await using run = traceObject(object("table-hash"), { set: { targ_pid: Deno.pid } });
  const rows = run.records<{ pid: number; comm: string; calls: bigint; bytes: number }>("counts");
  await run.attached;
  libc.getpgid(0);
  run.interrupt();
  const [row, ...more] = await all(rows);
  assert.equal(more.length, 0);
  assert.equal(typeof row?.calls, "bigint");
  assert.equal(row?.pid, Deno.pid);
});

Deno.test("records() of a plain object yields lines and records of iterators", async () => {
  await using text = traceObject(object("iterator-text"));
  const [line, ...more] = await all(text.records<{ text: string }>("walk"));
  assert.equal(more.length, 0);
  assert.match(line?.text ?? "", /./);
  await using records = traceObject(object("iterator-records"));
  const [found] = await all(records.records<{ mark: bigint }>("walk"));
  assert.equal(found?.mark, 99n);
});

Deno.test("an object that cannot be run ends the iterators with the reason", async () => {
  const run = traceObject(object("annotated-wrong"));
  assert.equal((await rejection(run.records("events").next())).code, "NO_MAP");
  assert.equal((await rejection(run.attached)).code, "NO_MAP");
  const exit = await run.exited;
  assert.equal(exit.kind, "failed");
});

/** Signal that counts its listeners. */
class CountedSignal extends EventTarget {
  readonly aborted = false;
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }
}

Deno.test("an object whose bytes were sent away fails, and leaves no worker and no listener", async () => {
  const bytes = object("ring-debug");
  structuredClone(bytes, { transfer: [bytes.buffer] });
  const counted = new CountedSignal();
  const { Worker } = globalThis;
  let workers = 0;
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers += 1;
    }
    override terminate(): void {
      workers -= 1;
      super.terminate();
    }
  };
  try {
    const run = traceObject(bytes, { signal: counted as unknown as AbortSignal });
    const exit = await run.exited;
    assert.equal(exit.kind === "failed" && exit.error.code, "WORKER");
    assert.equal((await rejection(run.attached)).code, "WORKER");
  } finally {
    globalThis.Worker = Worker;
  }
  assert.deepEqual({ workers, listeners: counted.listeners }, { workers: 0, listeners: 0 });
});

Deno.test("permissions limit what a plain object takes of the kernel", async () => {
  for (
    const [permissions, code] of [
      [{ maxMapsMemory: 0 }, "ENOMEM"],
      [{ maxMapsMemory: 64 }, "ENOMEM"],
      [{ maxPrograms: 0 }, "EMFILE"],
      [{ maxLinks: 0 }, "EMFILE"],
    ] as const
  ) {
    const run = traceObject(object("table-hash"), { permissions, limits: { maxLinks: 9 } });
    assert.equal((await rejection(run.attached)).code, code);
    assert.equal((await run.exited).kind, "failed");
  }
});

Deno.test("a plain object ends by the signal of its run", async () => {
  const controller = new AbortController();
  const run = traceObject(object("ring-debug"), { signal: controller.signal });
  const events = run.records("events");
  await run.attached;
  controller.abort();
  await run.exited;
  const last = (async () => {
    for await (const _ of events);
  })();
  assert.equal((await rejection(last)).code, "ABORTED");
});
