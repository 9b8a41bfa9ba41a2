import assert from "node:assert/strict";
import { parseReference } from "../reference.ts";
import { Policy } from "./policy.ts";

const parse = (text: string) => Policy.parse(new TextEncoder().encode(text), "policy.json");
const policy = (references: unknown) => parse(JSON.stringify({ references }));

function patternFor(policy: Policy, reference: string): string | undefined {
  return policy.ruleFor(parseReference(reference))?.pattern;
}

Deno.test("Policy.ruleFor() returns the longest matching pattern", () => {
  const rules = policy({
    "*": "reject",
    "ghcr.io/*": "accept",
    "ghcr.io/you/*": { keys: ["you.pub"] },
    "ghcr.io/you/tool": { keys: ["tool.pub", "you.pub"] },
    "localhost:5000/*": "accept",
  });
  const cases = {
    "ghcr.io/you/tool:v1": "ghcr.io/you/tool",
    "ghcr.io/you/tool/part": "ghcr.io/you/*",
    "ghcr.io/you/tools": "ghcr.io/you/*",
    "ghcr.io/you": "ghcr.io/*",
    "ghcr.io/your/tool": "ghcr.io/*",
    "GHCR.io/you/tool": "ghcr.io/you/tool",
    "https://ghcr.io:443/you/tool": "ghcr.io/you/tool",
    "ghcr.io:444/you/tool": "*",
    "localhost:5000/x": "localhost:5000/*",
    "localhost/x": "*",
    "alpine": "*",
  };
  for (const [reference, pattern] of Object.entries(cases)) {
    assert.equal(patternFor(rules, reference), pattern, reference);
  }
  const rule = rules.ruleFor({ registry: "ghcr.io", repository: "you/tool" });
  assert.deepEqual(rule?.decision, { keys: ["tool.pub", "you.pub"] });
});

Deno.test("Policy.ruleFor() treats all names of Docker Hub alike", () => {
  const rules = policy({ "index.docker.io/alpine": "accept", "docker.io/you/*": "reject" });
  assert.equal(patternFor(rules, "alpine"), "index.docker.io/alpine");
  assert.equal(patternFor(rules, "docker.io/library/alpine"), "index.docker.io/alpine");
  assert.equal(patternFor(rules, "you/tool"), "docker.io/you/*");
  const all = policy({ "registry-1.docker.io/*": "accept", "docker.io/library/*": "reject" });
  assert.equal(patternFor(all, "alpine"), "docker.io/library/*");
  assert.equal(patternFor(all, "you/tool"), "registry-1.docker.io/*");
});

Deno.test("Policy.ruleFor() returns undefined without a match", () => {
  assert.equal(patternFor(policy({ "ghcr.io/you/*": "accept" }), "ghcr.io/me/tool"), undefined);
});

Deno.test("Policy.parse() refuses unknown members and wrong types", () => {
  const keys = ["a.pub"];
  const bad: unknown[] = [
    [],
    null,
    {},
    { references: null },
    { references: [] },
    { references: {} },
    { references: { "*": "accept" }, default: "reject" },
    { reference: { "*": "accept" } },
    ...["Accept", "", "allow", null, true, 1, [], {}, ["a.pub"]].map((one) => ({
      references: { "*": one },
    })),
    ...[[], [""], [1], "a.pub", null, {}].map((keys) => ({ references: { "*": { keys } } })),
    { references: { "*": { keys, key: "b.pub" } } },
    { references: { "*": { keys }, "ghcr.io/*": { key: "b.pub" } } },
    { references: { "docker.io/alpine": "accept", "index.docker.io/library/alpine": "reject" } },
    { references: { "GHCR.io/*": "accept", "ghcr.io:443/*": "reject" } },
  ];
  for (const value of bad) {
    const text = JSON.stringify(value);
    assert.throws(() => parse(text), { name: "TrustError", code: "BAD_POLICY" }, text);
  }
  for (const text of ["", "{", '{"references":{"*":"accept"}} x', "// x\n{}", "\xff"]) {
    assert.throws(() => parse(text), { code: "BAD_POLICY" }, text);
  }
});

Deno.test("Policy.parse() refuses patterns that match nothing or too much", () => {
  const bad = ["", "**", "*/x", "ghcr.io/*/tool", "ghcr.io/you*", "ghcr.io", "tool", "ghcr.io/"];
  const worse = ["ghcr.io/x:v1", "ghcr.io/x@sha256:00", "https://ghcr.io/*", "ghcr.io/Tool", "/*"];
  const more = [
    ...["you/*", "you/tool", "library/alpine", "ghcr.io/x/", "ghcr.io//x", "*.io/x"],
    ...["ghcr.io/../*", " ghcr.io/x", "ghcr.io/x:v/*"],
  ];
  for (const pattern of [...bad, ...worse, ...more]) {
    assert.throws(() => policy({ [pattern]: "accept" }), { code: "BAD_POLICY" }, pattern);
  }
});

Deno.test("Policy.parse() refuses a repeated member in any spelling", () => {
  const twice = '{"references":{"*":"reject","*":"accept"}}';
  assert.throws(() => parse(twice), { code: "BAD_POLICY" });
  assert.throws(() => parse(twice.replace('"*"', '"\\u002a"')), { code: "BAD_POLICY" });
  assert.throws(() => parse('{"references":{"*":"reject"},"references":{"*":"accept"}}'));
});

Deno.test("Policy.ruleForFile() returns the longest matching file pattern, and else nothing", () => {
  const rules = policy({
    "*": "reject",
    "file:/opt/tools/*": { bpf: { levels: ["observe"] } },
    "file:/opt/tools/one.wasm": "reject",
  });
  const patternFor = (path?: string) => rules.ruleForFile(path)?.pattern;
  assert.equal(patternFor("/opt/tools/one.wasm"), "file:/opt/tools/one.wasm");
  assert.equal(patternFor("/opt/tools/sub/two.wasm"), "file:/opt/tools/*");
  assert.equal(patternFor("/opt/tools2/two.wasm"), undefined);
  assert.equal(patternFor(undefined), undefined);
  const all = policy({ "file:*": "accept", "file:/*": "reject" });
  assert.equal(all.ruleForFile(undefined)?.pattern, "file:*");
  assert.equal(all.ruleForFile("/x")?.pattern, "file:/*");
});

Deno.test("Policy.parse() reads bounds of eBPF programs, and refuses others", () => {
  const bpf = {
    levels: ["observe"],
    attach: ["iface:lo"],
    deny: ["bpf_d_path"],
    maxMapsMemory: "64M",
  };
  const rule = policy({ "*": { keys: ["a.pub"], bpf } }).ruleFor({
    registry: "x.y",
    repository: "z",
  });
  assert.deepEqual(rule, { pattern: "*", place: " (line 1)", decision: { keys: ["a.pub"] }, bpf });
  const bad = [
    { "*": { bpf: { levels: "observe" } } },
    { "*": { bpf: { level: ["observe"] } } },
    { "*": { bpf: { attach: [1] } } },
    { "*": { bpf: { maxMapsMemory: -1 } } },
    { "*": { keys: [], bpf: {} } },
    { "file:/x": { keys: ["a.pub"] } },
    { "file:relative": "accept" },
    { "file:/a/../b": "accept" },
    { "file:/a*": "accept" },
  ];
  for (const references of bad) {
    assert.throws(() => policy(references), { code: "BAD_POLICY" }, JSON.stringify(references));
  }
});
