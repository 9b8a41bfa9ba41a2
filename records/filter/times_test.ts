import assert from "node:assert/strict";
import { type Clock, loadFilter, schemaFromText } from "../mod.ts";
import { durationOf, momentOf } from "./times.ts";

/** 2026-01-02T03:04:05Z; booted 1000 s ago, of which 100 s asleep. */
const NOW = 1_767_323_045_000_000_000n;
const SECOND = 1_000_000_000n;
const CLOCK: Clock = {
  now: () => NOW,
  ahead: (clock) => NOW - (clock === "boot" ? 1000n : 900n) * SECOND,
  zone: () => 0,
};
const SCHEMA = schemaFromText(
  "u64 at @time; u64 boot @time:boot; u64 wall @time:wall; u64 ts; u64 lat @ns; u32 lat_ms; s64 delta @us; " +
    "double load @s; u64 started @time; char comm[8]; u32 pid; u64 huge @time",
  "event",
);

/** A record of 3 s ago: 1.5 ms and 7 ms long. */
const bytes = new Uint8Array(SCHEMA.size);
const view = new DataView(bytes.buffer);
const offset = (name: string) => SCHEMA.fields.find((field) => field.name === name)?.offset ?? -1;
view.setBigUint64(offset("at"), 897n * SECOND, true);
view.setBigUint64(offset("boot"), 997n * SECOND, true);
view.setBigUint64(offset("wall"), NOW - 3n * SECOND, true);
view.setBigUint64(offset("ts"), 897n * SECOND, true);
view.setBigUint64(offset("lat"), 1_500_000n, true);
view.setUint32(offset("lat_ms"), 7, true);
view.setBigInt64(offset("delta"), -2n, true);
view.setFloat64(offset("load"), 0.5, true);
view.setBigUint64(offset("started"), 895n * SECOND, true);
bytes.set(new TextEncoder().encode("bash"), offset("comm"));
view.setUint32(offset("pid"), 7, true);
view.setBigUint64(offset("huge"), 2n ** 64n - 1n, true);

async function matches(text: string): Promise<boolean> {
  return (await loadFilter(text)).compile(SCHEMA, "rb", CLOCK)(bytes, view, 0);
}

const TRUE = [
  // Each clock by itself; a moment between two seconds.
  'at == timestamp("2026-01-02T03:04:02Z")',
  'boot == timestamp("2026-01-02T03:04:02Z") && wall == boot || wall == timestamp("2026-01-02T04:04:02+01:00")',
  'at > timestamp("2026-01-02T03:04:01.999999999Z")',
  'at < timestamp("2026-01-02T03:04:02.000000001Z")',
  'timestamp("2026-01-02T03:04:01Z") < ts',
  "wall >= timestamp(1767323042)",
  // Before the machine started.
  'at > timestamp("1970-01-01T00:00:00Z")',
  '!(at > timestamp("2026-01-02T03:04:02Z"))',
  // Durations in the unit of the field.
  'lat > duration("1ms") && lat < duration("2ms")',
  'lat == duration("1.5ms") && lat != duration("1500001ns")',
  'lat_ms > duration("6.5ms") && lat_ms < duration("7.000001ms") && lat_ms <= duration("7ms")',
  'lat_ms >= duration("6999us") && lat_ms != duration("6.9ms")',
  'delta == duration("-2us") && delta < duration("-1500ns") && delta > duration("-2.5us")',
  'load <= duration("500ms") && load > duration("0.4s")',
  'duration("1h") > lat_ms',
  // Numbers as before.
  "lat > 1000000 && lat_ms == 7 && at == 897000000000",
  // Arithmetic and methods are the library's, clause by clause.
  'at - started == duration("2s")',
  'at - duration("1m") < timestamp("2026-01-02T03:03:03Z")',
  'at.getHours() == 3 && comm.matches("^b")',
  'lat > 1000 && at - started < duration("3s") && comm.startsWith("ba")',
  'comm.matches("x") || lat + duration("1ms") == duration("2500us")',
  "lat / 1000 == 1500 && lat_ms + 1 == 8",
];

const FALSE = [
  'at > timestamp("2026-01-02T03:04:02Z")',
  'at == timestamp("2026-01-02T03:04:02.5Z")',
  'lat_ms == duration("7.5ms")',
  'lat >= duration("1.6ms")',
  'at - started > duration("2s")',
  // Later than 64 bits of nanoseconds.
  'wall > timestamp("2999-01-01T00:00:00Z")',
  'huge - at < duration("1s")',
];

for (const [list, result] of [[TRUE, true], [FALSE, false]] as const) {
  for (const text of list) {
    Deno.test(`the filter ${text} is ${result}`, async () => {
      assert.equal(await matches(text), result);
    });
  }
}

for (
  const [text, message, hint] of [
    ['pid > duration("1ms")', /"pid" is not a duration/, /--as pid=ns/],
    ['pid > timestamp("2026-01-02T03:04:02Z")', /"pid" is not a time/, /--as pid=time/],
    ['at > duration("1ms")', /"at" is not a duration/, /timestamp\(/],
    ['lat < timestamp("2026-01-02T03:04:02Z")', /"lat" is not a time/, /duration\(/],
    ['at > "2026-01-02"', /"at" is a time/, /timestamp\(/],
    ['lat > "1ms"', /"lat" is a duration/, /duration\("1ms"\)/],
    ['lat > duration("1 ms")', /"1 ms" is not a duration/, /duration\("1.5ms"\)/],
    ['at > timestamp("yesterday")', /"yesterday" is not a timestamp/, /timestamp\("2026/],
  ] as const
) {
  Deno.test(`the filter ${text} is an error with a way out`, async () => {
    const filter = await loadFilter(text);
    assert.throws(() => filter.compile(SCHEMA, "rb", CLOCK), { code: "BAD_FILTER", message, hint });
  });
}

Deno.test("durationOf() and momentOf() read the forms of CEL alone", () => {
  assert.equal(durationOf("1h2m3.000000004s"), 3_723_000_000_004n);
  assert.equal(durationOf("-1.5us"), -1500n);
  assert.equal(durationOf("0"), 0n);
  for (const text of ["", "-", "1", "1d", "ms", "1ms ", "1.ms", "1e3s", "1s-1ms"]) {
    assert.equal(durationOf(text), undefined, text);
  }
  assert.equal(momentOf("1970-01-01T00:00:01.000000001Z"), 1_000_000_001n);
  assert.equal(momentOf("1970-01-01T01:00:00+01:00"), 0n);
  for (const text of ["", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z", "x"]) {
    assert.equal(momentOf(text), undefined, text);
  }
});
