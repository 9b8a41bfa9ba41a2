import assert from "node:assert/strict";
import { cpuMs } from "../../tests/support/timely.ts";
import { parseChallenges } from "./challenge.ts";

function parsed(header: string): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

Deno.test("parseChallenges() reads headers of registries", () => {
  assert.deepEqual(
    parsed(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",' +
        'scope="repository:library/alpine:pull,push"',
    ),
    [["bearer", {
      realm: "https://auth.docker.io/token",
      service: "registry.docker.io",
      scope: "repository:library/alpine:pull,push",
    }]],
  );
  assert.deepEqual(parsed('Basic realm="Registry Realm"'), [["basic", {
    realm: "Registry Realm",
  }]]);
});

Deno.test("parseChallenges() separates challenges from parameters", () => {
  assert.deepEqual(parsed('Negotiate, Basic realm="a, b", charset=UTF-8 , Bearer realm=c'), [
    ["negotiate", {}],
    ["basic", { realm: "a, b", charset: "UTF-8" }],
    ["bearer", { realm: "c" }],
  ]);
  assert.deepEqual(parsed("NTLM TlRMTVNTUAAC==, Basic realm=x"), [["ntlm", {}], ["basic", {
    realm: "x",
  }]]);
});

Deno.test("parseChallenges() accepts escapes, unusual spaces and empty elements", () => {
  assert.deepEqual(parsed(',, bearer  Realm = "a\\"b\\\\c" ,, error="insufficient_scope"'), [
    ["bearer", { realm: 'a"b\\c', error: "insufficient_scope" }],
  ]);
});

Deno.test("parseChallenges() uses the first of repeated parameters", () => {
  assert.deepEqual(parsed('Bearer realm="a",realm="b"'), [["bearer", { realm: "a" }]]);
});

Deno.test("parseChallenges() stops at a syntax error", () => {
  assert.deepEqual(parsed(""), []);
  assert.deepEqual(parsed("="), []);
  assert.deepEqual(parsed('Bearer realm="no end, Basic realm="x"'), [["bearer", {
    realm: "no end, Basic realm=",
  }]]);
  assert.deepEqual(parsed('Bearer realm="no end'), [["bearer", {}]]);
});

Deno.test("parseChallenges() reads hostile headers in bounded time", () => {
  for (const part of ['a="\\', "a=", 'a=",', ",", "a ", "a==", " \t", "\\\\"]) {
    const header = "Bearer " + part.repeat(100_000);
    // Quadratic backtracking would take minutes.
    assert.ok(cpuMs(() => parseChallenges(header)) < 10_000, part);
  }
});
