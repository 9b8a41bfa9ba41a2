import assert from "node:assert/strict";
import {
  isOlder,
  type KernelNeed,
  mapNeedsOf,
  minimumOf,
  programNeedsOf,
} from "./kernel_minimum.ts";

Deno.test("minimumOf() returns the newest version that anything needs, with the reasons", () => {
  assert.deepEqual(minimumOf([]), { version: "5.8", because: [], needs: [] });
  const calls = {
    helpers: new Set([1, 174, 181]),
    instructions: new Set(["atomic operations"]),
  };
  const least = (needs: KernelNeed[]) => {
    const { version, because } = minimumOf(needs);
    return { version, because };
  };
  const kind = { type: 2, attachType: 42, hasTarget: true };
  const nameOf = (number: number) => `helper ${number}`;
  const needs = programNeedsOf("kprobe", kind, calls, { section: "kprobe.multi", nameOf });
  assert.deepEqual(least(needs), { version: "5.18", because: ["kprobe"] });
  assert.deepEqual(least(needs.slice(1)), { version: "5.17", because: ["helper 181"] });
  const maps = mapNeedsOf([{ type: "arena" }, { type: "array" }, { type: "arena" }]);
  assert.deepEqual(least([...needs, ...maps]), { version: "6.9", because: ["arena"] });
});

Deno.test("isOlder() compares numbers, not texts", () => {
  assert.ok(isOlder("5.8", "5.10"));
  assert.ok(isOlder("5.19.0-1", "6.1"));
  assert.ok(!isOlder("6.10.3", "6.9"));
  assert.ok(!isOlder("6.6", "6.6"));
});

/** Releases of the commits that added helpers, by number: the first and last of each release. */
const RELEASES: readonly (readonly [helper: number, version: string | undefined])[] = [
  [135, undefined],
  [136, "5.9"],
  [141, "5.9"],
  [142, "5.10"],
  [155, "5.10"],
  [156, "5.11"],
  [162, "5.11"],
  [163, "5.12"],
  [164, "5.13"],
  [165, "5.13"],
  [166, "5.14"],
  [168, "5.14"],
  [169, "5.15"],
  [175, "5.15"],
  [176, "5.16"],
  [179, "5.16"],
  [180, "5.17"],
  [185, "5.17"],
  [186, "5.18"],
  [187, "5.18"],
  [193, "5.18"],
  [194, "5.19"],
  [203, "5.19"],
  [204, "6.0"],
  [207, "6.0"],
  [208, "6.1"],
  [209, "6.1"],
  [210, "6.2"],
  [211, "6.2"],
];

Deno.test("programNeedsOf() has the release of each helper", () => {
  for (const [helper, version] of RELEASES) {
    const calls = { helpers: new Set([helper]), instructions: new Set<string>() };
    const needs = programNeedsOf("kprobe", undefined, calls, { section: "", nameOf: String });
    assert.deepEqual(needs.map((need) => need.version), version === undefined ? [] : [version]);
  }
});

Deno.test("programNeedsOf() has the release of sections that sleep or have fragments", () => {
  const none = { helpers: new Set<number>(), instructions: new Set<string>() };
  const since = (section: string) =>
    programNeedsOf("", undefined, none, { section, nameOf: String })
      .map(({ version }) => version).join();
  assert.equal(since("lsm.s/bprm_check_security"), "5.10");
  assert.equal(since("?fentry.s/x"), "5.10");
  assert.equal(since("xdp.frags"), "5.18");
  assert.equal(since("kprobe/x.s"), "");
  assert.equal(since("xdp"), "");
});
