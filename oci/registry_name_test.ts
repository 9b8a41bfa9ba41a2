import assert from "node:assert/strict";
import { entryKey } from "./credentials/auth_file.ts";
import { formatReference, parseReference, type Reference } from "./reference.ts";
import { isLoopback, isRegistryName, policyRegistry, readRegistryName } from "./registry_name.ts";
import { Policy } from "./trust/policy.ts";

function name(text: string, scheme?: string): string | undefined {
  const read = readRegistryName(text, scheme);
  return "name" in read ? read.name : undefined;
}

Deno.test("readRegistryName() normalises port 443, upper case and Docker Hub's other names", () => {
  assert.equal(name("GHCR.io"), "ghcr.io");
  assert.equal(name("ghcr.io:443"), "ghcr.io");
  assert.equal(name("[::1]:443"), "[::1]");
  assert.equal(name("localhost:5000"), "localhost:5000");
  for (const hub of ["index.docker.io:443", "Registry-1.Docker.io", "registry.hub.docker.com"]) {
    assert.equal(name(hub), "docker.io", hub);
  }
});

Deno.test("readRegistryName() drops port 80 only for HTTP", () => {
  assert.equal(name("ghcr.io:80", "http"), "ghcr.io");
  assert.equal(name("ghcr.io:80"), "ghcr.io:80");
  assert.equal(name("ghcr.io:443", "http"), undefined);
});

/** Spellings of hosts and ports, with the normal form in the hint. */
const ODD: readonly (readonly [string, string | undefined])[] = [
  ["127.0.0.1:05801", "5801"],
  ["ghcr.io:0443", "443"],
  ["ghcr.io:00000443", "443"],
  ["127.1", "127.0.0.1"],
  ["127.0.1", "127.0.0.1"],
  ["2130706433:5000", "127.0.0.1"],
  ["0x7f.1", "127.0.0.1"],
  ["0x7F000001", "127.0.0.1"],
  ["0177.0.0.1", "127.0.0.1"],
  ["127.0.0.01:5801", "127.0.0.1"],
  ["[0:0:0:0:0:0:0:1]:5000", "[::1]"],
  ["[::0001]", "[::1]"],
  ["[2001:db8::0:1]", "[2001:db8::1]"],
  ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
  ["[::ffff:7f00:1]:5801", "127.0.0.1"],
  ["0.0.0.0:5801", "127.0.0.1"],
  ["[::]:5801", "[::1]"],
  ["[fe80::1%25eth0]", undefined],
  ["ghcr.io.", undefined],
  ["localhost.:5000", undefined],
  ["ghcr.io:", undefined],
  ["ghcr.io:0", undefined],
  ["ghcr.io:65536", undefined],
  ["a_b.example", undefined],
  ["user@ghcr.io", undefined],
  ["gh%63r.io", undefined],
  ["\uff47hcr.io", undefined],
  ["127.0.0.\uff11", undefined],
  ["ghcr\u3002io", undefined],
  ["xn--ghcr-.io", undefined],
  ["256.1.1.1", undefined],
];

Deno.test("readRegistryName() refuses hosts and ports that are not in normal form", () => {
  for (const [text, normal] of ODD) {
    const read = readRegistryName(text);
    assert.ok("reason" in read, text);
    if (normal !== undefined) assert.ok(read.hint?.includes(normal), `${text}: ${read.hint}`);
  }
});

Deno.test("parseReference() and Policy.parse() refuse the same hosts, with a hint", () => {
  for (const [text, normal] of ODD) {
    assert.throws(() => parseReference(`${text}/you/tool`), { code: "BAD_REFERENCE" }, text);
    const rules = `{\n "references": {\n  ${JSON.stringify(`${text}/*`)}: "reject"\n }\n}`;
    assert.throws(
      () => Policy.parse(new TextEncoder().encode(rules), "policy.json"),
      (error: Error & { code?: string }) =>
        error.code === "BAD_POLICY" && error.message.includes("(line 3)") &&
        error.message.includes(normal ?? ""),
      text,
    );
    assert.equal(entryKey(text), undefined, text);
  }
});

const HOSTS = [
  ["ghcr.io", "GHCR.IO", "ghcr.io.", "gh%63r.io", "\uff47hcr.io", "ghcr\u3002io"],
  ["127.0.0.1", "127.1", "0x7f.0.0.1", "0177.1", "2130706433", "127.0.0.01", "127.0.0.1."],
  ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[0::1]", "[::0.0.0.1]"],
  ["localhost", "LocalHost", "localhost."],
  ["docker.io", "index.docker.io", "registry-1.docker.io", "Index.Docker.io"],
  ["registry", "REGISTRY"],
  ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7f00:0001]"],
];
const PORTS = ["", ":443", ":0443", ":80", ":080", ":5801", ":05801", ":005801", ":"];
const SCHEMES = ["", "oci://", "docker://", "https://", "http://", "HTTPS://"];

/** Generates spellings; for accepted ones, the URL that the client requests. */
function* spellings(): Generator<{ text: string; url: string; reference: Reference }> {
  for (const hosts of HOSTS) {
    for (const host of hosts) {
      for (const port of PORTS) {
        for (const scheme of SCHEMES) {
          const text = `${scheme}${host}${port}/you/tool`;
          const isHttp = scheme === "http://";
          const url = URL.parse(`${isHttp ? "http" : "https"}://${host}${port}/`)?.href;
          if (url === undefined) continue;
          try {
            yield { text, url, reference: parseReference(text) };
          } catch (error) {
            assert.equal((error as { code?: string }).code, "BAD_REFERENCE", text);
          }
        }
      }
    }
  }
}

Deno.test("spellings of one URL have the same rules, names in the store and credentials", () => {
  const seen = new Map<string, { text: string; reference: Reference }>();
  let compared = 0;
  for (const { text, url, reference } of spellings()) {
    // Without a scheme, a host without a dot is part of a path on Docker Hub.
    if (/^registry/i.test(text)) assert.ok(reference.registry === "docker.io" || /:/.test(text));
    if (reference.registry === "docker.io" && !/docker/i.test(text)) continue;
    const first = seen.get(url) ?? { text, reference };
    seen.set(url, first);
    compared++;
    const what = `${text} and ${first.text}`;
    assert.equal(formatReference(reference), formatReference(first.reference), what);
    assert.equal(entryKey(reference.registry), entryKey(first.reference.registry), what);
    for (const { text: pattern, reference: other } of seen.values()) {
      if (/^[a-z]+:\/\//i.test(pattern)) continue;
      const policy = Policy.parse(
        new TextEncoder().encode(
          JSON.stringify({ references: { [pattern]: { keys: ["you.pub"] }, "*": "accept" } }),
        ),
        "policy.json",
      );
      const isSame = policyRegistry(other.registry) === policyRegistry(reference.registry);
      assert.equal(policy.ruleFor(reference)?.pattern, isSame ? pattern : "*", what);
    }
  }
  assert.ok(compared > 100, `${compared} spellings`);
});

Deno.test("a rule applies to ports 80 and 443 of a name", () => {
  const policy = Policy.parse(
    new TextEncoder().encode('{"references":{"ghcr.io/*":{"keys":["you.pub"]},"*":"accept"}}'),
    "policy.json",
  );
  for (const text of ["ghcr.io/x", "http://ghcr.io/x", "http://ghcr.io:80/x", "ghcr.io:80/x"]) {
    assert.equal(policy.ruleFor(parseReference(text))?.pattern, "ghcr.io/*", text);
  }
});

Deno.test("isLoopback() accepts loopback addresses, and no similar names", () => {
  for (const name of ["localhost", "localhost:5000", "127.0.0.1", "127.255.0.9:80", "[::1]:5000"]) {
    assert.equal(isLoopback(name), true, name);
  }
  for (const name of ["127.0.0.1.example", "localhost.example", "127.1", "127.0.0.256", "[::2]"]) {
    assert.equal(isLoopback(name), false, name);
  }
});

Deno.test("isRegistryName() accepts hosts and ports, and no paths", () => {
  assert.ok(["ghcr.io", "localhost:5000", "[::1]:1", "h"].every(isRegistryName));
  assert.ok(!["", "a/b", "http://a", "a:b", "a b", "[]", "a:99999"].some(isRegistryName));
});
