// SPDX-License-Identifier: MIT
/** Every call of the package on the eBPF half of sdk/c/tests; tests/authors/sdk_assemblyscript_test.ts runs it. */
import { orders, orders_size } from "./objects";
import {
  args,
  Batch,
  BpfMap,
  BpfObject,
  Buffer,
  detach,
  EBADF,
  EEXIST,
  EINTR,
  EINVAL,
  ENOENT,
  EPERM,
  ERANGE,
  EXIST,
  exit,
  lastError,
  Members,
  NO_EXIST,
  print,
  printError,
  readIterator,
  realtimeNs,
  Records,
} from "./wasm-bpf";
import { randomGet } from "./wasm-bpf/imports";

// As in orders.h.
const ORDER_RING: u32 = 1;
const ORDER_SECOND_RING: u32 = 2;
const ORDER_PERF: u32 = 3;
const ORDER_LONG: u32 = 4;
const LONG_SIZE: u32 = 20000;

/** struct event. */
@unmanaged
class OrderEvent {
  number: u32;
  text0: u32;
  text1: u32;
  text2: u32;
}

function must(ok: bool, what: string): void {
  if (ok) return;
  printError("not so: " + what + "\n");
  exit(1);
}

function place(order: u32, count: u32): void {
  const size = (order << 16) + count;
  const bytes = heap.alloc(size);
  must(randomGet(bytes, size) == 0, "random_get");
  heap.free(bytes);
}

function openObject(): BpfObject {
  must(
    BpfObject.load(orders, 10) == null && lastError().length > 0,
    "load() returns null for other bytes",
  );
  const object = BpfObject.open(orders, orders_size)!;
  const one = memory.data(4, 4);
  must(object.setGlobal(".nowhere", 0, one, 4) == ENOENT, "no section");
  must(
    object.setGlobal(".rodata", 1 << 20, one, 4) == ERANGE,
    "out of the section",
  );
  must(object.load() == 0, "load");
  must(object.setGlobal(".rodata", 0, one, 4) == EPERM, "read-only");
  must(
    object.attach("missing") == ENOENT &&
      object.programToken("missing") == ENOENT,
    "no program",
  );
  must(object.programToken("produce") > 0, "program token");
  must(object.map<u32, u64>("missing") == null, "no map");
  return object;
}

function maps(object: BpfObject): void {
  must(object.map<u64, u64>("hash") == null, "other sizes");
  const hash = object.map<u32, u64>("hash")!;
  must(hash.keySize == 4 && hash.maxEntries == 4 && hash.cpus == 1, "info");
  must(hash.lookup(1) == ENOENT && hash.first() == ENOENT, "empty");
  must(
    hash.update(1, 10) == 0 && hash.lookup(1) == 0 && hash.value == 10,
    "update",
  );
  must(
    hash.update(1, 11, NO_EXIST) == EEXIST &&
      hash.update(2, 11, EXIST) == ENOENT,
    "flags",
  );
  must(hash.update(2, 20) == 0 && hash.update(3, 30) == 0, "more");
  let sum: u64 = 0;
  for (let result = hash.first(); result == 0; result = hash.next()) {
    sum += hash.key;
  }
  must(sum == 6, "keys");
  must(hash.take(3) == 0 && hash.value == 30 && hash.take(3) == ENOENT, "take");
  must(hash.delete(2) == 0 && hash.delete(2) == ENOENT, "delete");
  const batch = Batch.of<u32, u64>(hash, 8);
  must(hash.batch(batch, true, true) == ENOENT && batch.count == 1, "batch");
  must(
    load<u32>(batch.keyAt(0)) == 1 && load<u64>(batch.valueAt(0)) == 10,
    "batch's element",
  );
  must(hash.batch(batch, true) == ENOENT && batch.count == 0, "drained");

  const perCpu = object.map<u32, u32>("per_cpu")!;
  must(perCpu.update(1, 7) == 0 && perCpu.lookup(1) == 0, "per CPU");
  for (let cpu: u32 = 0; cpu < perCpu.cpus; cpu++) {
    must(perCpu.valueOf(cpu) == 7, "each CPU's");
  }
  must(perCpu.valueStep == 8, "step");
  must(perCpu.batch(batch, true) == EINVAL, "a batch for another map");
  batch.free();

  const sized = BpfMap.sized<u32, OrderEvent>(object.findMap("hash"), 4, 8);
  must(sized != null, "sized");
}

function numbersOf(buffer: Buffer, first: u32, count: u32): void {
  let seen: u32 = 0;
  while (seen < count) {
    must(buffer.poll(5000) > 0, "poll");
    while (buffer.next()) {
      must(
        changetype<OrderEvent>(buffer.data).number == first + seen,
        "number",
      );
      seen++;
    }
  }
}

let eachNumber: u32 = 0;
let eachLong: u32 = 0;

function takeEach(data: usize, size: u32, cpu: u32): void {
  must(cpu == 0, "CPU of a ring buffer");
  if (size == LONG_SIZE) {
    eachLong++;
    return;
  }
  must(changetype<OrderEvent>(data).number == eachNumber, "number of each");
  eachNumber++;
}

function events(object: BpfObject): void {
  must(object.buffer("hash") == null, "no buffer");
  const ring = object.buffer("rb")!;
  const second = object.buffer("second_rb")!;
  const perf = object.buffer("pb")!;
  must(ring.poll(0) == 0 && !ring.next(), "nothing yet");

  const link = object.attach("produce");
  must(link > 0, "attach");
  place(ORDER_RING, 3);
  place(ORDER_SECOND_RING, 1);
  numbersOf(ring, 100, 3);
  numbersOf(second, 103, 1);
  must(ring.stats() == 0 && ring.delivered == 3, "stats");
  place(ORDER_PERF, 2);
  numbersOf(perf, 104, 2);

  // Events of a poll are good until the next one.
  place(ORDER_RING, 1000);
  let number: u32 = 106;
  while (number < 1106) {
    must(ring.poll(5000) > 0, "poll of many events");
    const start = number;
    let first: usize = 0;
    for (; ring.next(); number++) {
      must(changetype<OrderEvent>(ring.data).number == number, "number of many events");
      if (first == 0) first = ring.data;
    }
    must(changetype<OrderEvent>(first).number == start, "the first of many events");
  }
  must(number == 1106, "many events");

  // Events of two sizes, each by a call.
  place(ORDER_RING, 1000);
  place(ORDER_LONG, 1);
  eachNumber = number;
  while (eachNumber < 2106 || eachLong == 0) {
    must(ring.each(5000, takeEach) > 0, "each");
  }
  must(ring.each(0, takeEach) == 0 && !ring.next(), "nothing is left");

  // More than the buffer has room for at first.
  place(ORDER_LONG, 9);
  for (let seen = 0; seen < 9;) {
    must(ring.poll(5000) > 0, "poll of long events");
    for (; ring.next(); seen++) must(ring.size == LONG_SIZE, "size");
  }
  must(detach(link) == 0 && detach(link) == EINVAL, "detach");
  place(ORDER_RING, 1);
  must(ring.poll(50) == 0, "detached");
}

function attachErrors(object: BpfObject): void {
  must(
    object.attach("pass", "no-such-if0") < 0 &&
      lastError().includes("no-such-if0"),
    "target",
  );
  const link = object.attach("produce");
  must(readIterator(link, memory.data(8), 8) == EINVAL, "no iterator");
  must(object.submit("rb", memory.data(8), 8) == EINVAL, "no user ring");
}

/** A signal ends a batch after the current event, and the rest is not lost. */
/** Emits records where they are requested: this test runs with and without. */
function records(): void {
  const source = Records.open("seen", "u32 pid; u32 count");
  must(source.id >= 0, "open");
  const row = heap.alloc(8);
  store<u32>(row, 7);
  store<u32>(row, 9, 4);
  must(source.write(row, 8) == (source.isWanted ? 1 : EBADF), "write");
  must(source.flush() == (source.isWanted ? 0 : EBADF), "flush");
  heap.free(row);
  const members = new Members().u32("address", "@ipv4").add(
    "s16",
    "left",
    "",
    2,
  )
    .add("s8", "small").add("u8", "__blank3", "", 3).text("name", 8);
  const declared = members.open("declared");
  must(declared.id >= 0, members.toString());
  const record = heap.alloc(20);
  memory.fill(record, 0, 20);
  store<u32>(record, 0x0100007f);
  store<i16>(record, 1, 4);
  store<i16>(record, -2, 6);
  store<i8>(record, -3, 8);
  store<u32>(record, 0x74696e69, 12); // "init"
  must(
    declared.write(record, 20) == (declared.isWanted ? 1 : EBADF),
    "declared",
  );
  heap.free(record);
  must(members.openTable("rows").id >= 0, "rows");
  must(
    !source.isWanted || Records.openTable("bad", "u99 pid").id < 0,
    "bad schema",
  );
}

let slowSeen: u32 = 0;
let isSlow = true;

function takeSlow(data: usize, _size: u32, _cpu: u32): void {
  must(load<u32>(data) == 100 + slowSeen, "number");
  if (slowSeen == 0) print("first event\n");
  slowSeen++;
  if (!isSlow) return;
  const end = realtimeNs() + 100_000_000;
  while (realtimeNs() < end) { /* computes */ }
}

function slowEvents(): void {
  const object = BpfObject.load(orders, orders_size)!;
  must(object.attach("produce") > 0, "attach");
  const ring = object.buffer("rb")!;
  place(ORDER_RING, 100);
  if (args().length > 2) {
    must(ring.each(5000, takeSlow) > 0, "each");
    must(slowSeen < 100, "a batch that ends early");
    must(ring.each(5000, takeSlow) == EINTR, "EINTR");
    isSlow = false;
    must(ring.each(0, takeSlow) > 0, "rest");
  } else {
    must(ring.poll(5000) > 0, "poll");
    while (ring.next()) takeSlow(ring.data, ring.size, ring.cpu);
    must(slowSeen < 100, "a batch that ends early");
    must(ring.poll(5000) == EINTR, "EINTR");
    isSlow = false;
    must(ring.poll(0) > 0, "rest");
    while (ring.next()) takeSlow(ring.data, ring.size, ring.cpu);
  }
  must(slowSeen == 100, "all");
}

if (args().length > 1) {
  slowEvents();
} else {
  records();
  const object = openObject();
  maps(object);
  events(object);
  attachErrors(object);
  must(object.close() == 0 && object.close() == EINVAL, "close");
}
print("all well\n");
