import assert from "node:assert/strict";
import { cpuMs } from "../tests/support/timely.ts";
import { camel, identifier, kebab, Names, upper } from "./names.ts";

Deno.test("identifier() removes characters that end a comment, a string or a line", () => {
  assert.equal(identifier("task_struct"), "task_struct");
  assert.equal(identifier("a b*/\n\u{1b}\"'`$"), "a_b________");
  assert.equal(identifier("2fast"), "_2fast");
  assert.equal(identifier(""), "_");
  assert.equal(identifier("größe"), "gr__e");
  assert.equal(identifier("n".repeat(1000)).length, 200);
});

Deno.test("camel() begins with a capital, and keeps numbers apart", () => {
  assert.equal(camel("event_kind"), "EventKind");
  assert.equal(camel("eventKind"), "EventKind");
  assert.equal(camel("__data_loc_filename"), "DataLocFilename");
  assert.equal(camel("x1_2"), "X1_2");
  assert.equal(camel("x12"), "X12");
  assert.equal(camel("_"), "X");
  assert.equal(camel("_1"), "X1");
});

Deno.test("kebab() has words that begin with a letter", () => {
  assert.equal(kebab("event_kind"), "event-kind");
  assert.equal(kebab("EventKind"), "event-kind");
  assert.equal(kebab("HTTPServer2"), "http-server2");
  assert.equal(kebab("pad_0"), "pad0");
  assert.equal(kebab("__u8"), "u8");
  assert.equal(kebab("_1"), "x1");
  assert.equal(kebab("___"), "x");
});

Deno.test("upper() makes a macro's name", () => {
  assert.equal(upper("trace.bpf"), "TRACE_BPF");
});

Deno.test("claim() returns each name once", () => {
  const names = new Names(new Set(["type"]));
  const claimed = ["a", "a", "type", "type", "type_", "a___2", "a"].map((name) =>
    names.claim(name)
  );
  assert.deepEqual(claimed, [
    "a",
    "a___2",
    "type_",
    "type____2",
    "type____3",
    "a___2___2",
    "a___3",
  ]);
  assert.equal(new Set(claimed).size, claimed.length);
});

Deno.test("claim() separates names that a language does not distinguish", () => {
  const names = new Names(new Set(), { number: "-v", same: (name) => name.replaceAll("-", "") });
  assert.deepEqual(["io-apic", "ioapic"].map((name) => names.claim(name)), [
    "io-apic",
    "ioapic-v2",
  ]);
});

Deno.test("claim() handles a hundred thousand equal names in linear time", () => {
  const names = new Names();
  const claim = () => {
    for (let i = 0; i < 100_000; i++) names.claim("same");
  };
  assert.ok(cpuMs(claim) < 2000);
});
