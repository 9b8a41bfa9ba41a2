import assert from "node:assert/strict";
import { compareVersions, isVersion, versionOfTag } from "./version.ts";

Deno.test("compareVersions() orders numbers, releases after their pre-releases", () => {
  const order = [
    ...["0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
    ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0.1", "1.2", "1.10", "2"],
  ];
  for (let i = 1; i < order.length; i++) {
    const [older = "", newer = ""] = [order[i - 1], order[i]];
    assert.ok(compareVersions(older, newer) < 0, `${older} < ${newer}`);
    assert.ok(compareVersions(newer, older) > 0, `${newer} > ${older}`);
  }
  assert.equal(compareVersions("1.2", "1.2.0"), 0);
  assert.equal(compareVersions("1-1", "1-01"), 0);
});

Deno.test("isVersion() refuses other texts", () => {
  for (const text of ["1", "1.2.3", "1.2.3.4", "1.0-rc.1"]) assert.ok(isVersion(text), text);
  const others = [
    "",
    "v1",
    "1.",
    ".1",
    "1.2.3.4.5",
    "1.0-",
    "1 ",
    "1\n",
    "../1",
    "1-a_b",
    "9".repeat(65),
  ];
  for (const text of others) assert.ok(!isVersion(text), text);
});

Deno.test("versionOfTag() removes a v in front of a number", () => {
  assert.equal(versionOfTag("v1.2.0"), "1.2.0");
  assert.equal(versionOfTag("1.2.0"), "1.2.0");
  for (const tag of ["latest", "v", "vv1", "version1"]) assert.equal(versionOfTag(tag), undefined);
});
