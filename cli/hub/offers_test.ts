import assert from "node:assert/strict";
import { UsageError } from "../errors.ts";
import { defaultVersion, offerFor, toolWord } from "./offers.ts";

Deno.test("toolWord() splits hub, name and version", () => {
  assert.deepEqual(toolWord("tool", "info"), { hub: undefined, name: "tool", version: undefined });
  assert.deepEqual(toolWord("hub/tool@1.2", "info"), { hub: "hub", name: "tool", version: "1.2" });
});

for (
  const word of [
    ...["", "..", "../x", "/bin/ls", "./x", "a/b/c", "a/", "/a", "ghcr.io/you/tool:v1", "A", "1a"],
    ...["a@", "a@../b", "a@1@2", "-a", "a b", "a\n", "\x1b[2Ja", "__proto__", "a".repeat(64)],
    ...["tool@sha256:00", "hub/tool@v1", "a\u202eb"],
  ]
) {
  Deno.test(`toolWord() refuses ${JSON.stringify(word)}`, () => {
    assert.throws(() => toolWord(word, "info"), UsageError);
  });
}

Deno.test("offerFor() has no other version of a tool in the box", () => {
  const word = (version?: string) => ({ hub: "box", name: "tcplife", version });
  assert.equal(offerFor(word(), "install").name, "tcplife");
  assert.equal(offerFor(word(offerFor(word(), "info").latest), "install").name, "tcplife");
  assert.throws(() => offerFor(word("9.9.9"), "install"), { code: "NO_VERSION" });
});

Deno.test("defaultVersion() prefers releases for this machine", () => {
  const version = (version: string, ...architectures: string[]) => ({
    version,
    reference: "",
    kind: "module" as const,
    permissions: [],
    kernels: { minimum: "5.8" },
    architectures,
  });
  const own = Deno.build.arch;
  const newest = (...versions: ReturnType<typeof version>[]) => defaultVersion(versions)?.version;
  assert.equal(newest(version("2.0-rc.1", own), version("1.0", own)), "1.0");
  assert.equal(newest(version("2.0-rc.1", own)), "2.0-rc.1");
  assert.equal(newest(version("3.0", "m68k"), version("1.0", own)), "1.0");
  assert.equal(newest(version("3.0", "m68k")), undefined);
});
