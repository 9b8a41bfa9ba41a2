import assert from "node:assert/strict";
import { type BuiltTool, withTools } from "./build.ts";

const EMPTY = { name: "acme", serial: 1, created: "2026-01-01T00:00:00Z", tools: [] };

function built(version: string, tool: Partial<BuiltTool["tool"]> = {}, hex = "0"): BuiltTool {
  return {
    tool: { name: "tool", ...tool },
    fallback: "observe things",
    version: {
      version,
      reference: `ghcr.io/you/tool@sha256:${hex.repeat(64)}`,
      kind: "module",
      permissions: [],
      kernels: { minimum: "5.8" },
      architectures: ["x86_64"],
    },
  };
}

Deno.test("withTools() adds versions, and takes the facts of the newest", () => {
  const first = withTools(EMPTY, [built("1.0.0", { summary: "watch", licence: "MIT" })]);
  const second = withTools(first, [built("1.10.0"), built("1.9.0", { summary: "older" })]);
  const [tool] = second.tools;
  assert.deepEqual(tool?.versions.map(({ version }) => version), ["1.10.0", "1.9.0", "1.0.0"]);
  assert.deepEqual([tool?.summary, tool?.licence], ["watch", "MIT"]);
  assert.equal(withTools(EMPTY, [built("1.0.0")]).tools[0]?.summary, "observe things");
});

Deno.test("withTools() refuses another digest for a version", () => {
  const catalog = withTools(EMPTY, [built("1.0.0")]);
  assert.deepEqual(withTools(catalog, [built("1.0")]).tools[0]?.versions.length, 1);
  assert.throws(() => withTools(catalog, [built("1.0.0", {}, "1")]), { code: "CHANGED_VERSION" });
});
