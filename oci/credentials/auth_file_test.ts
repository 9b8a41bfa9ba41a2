import assert from "node:assert/strict";
import {
  type AuthFile,
  candidateKeys,
  entryKey,
  keeperOf,
  namesOf,
  parseAuthFile,
  toolKeys,
} from "./auth_file.ts";

function parse(document: unknown): AuthFile {
  return parseAuthFile(new TextEncoder().encode(JSON.stringify(document)), "config.json");
}

const auth = btoa("you:se:cret");
const password = { kind: "password", username: "you", password: "se:cret" };

Deno.test("parseAuthFile() reads files of docker and podman", () => {
  const { entries, store, helpers, odd } = parse({
    auths: {
      "https://index.docker.io/v1/": { auth },
      "ghcr.io": { username: "you", password: "se:cret" },
      "https://a.example/v2/": { auth: "", identitytoken: "refresh" },
      "b.example:5000/team/tool": { registrytoken: "bearer", auth },
      "c.example": {},
    },
    credsStore: "desktop",
    credHelpers: { "gcr.io": "gcloud", "https://index.docker.io/v1/": "hub" },
    HttpHeaders: { "User-Agent": "x" },
  });
  assert.deepEqual([...entries], [
    ["docker.io", password],
    ["ghcr.io", password],
    ["a.example", { kind: "refresh", token: "refresh" }],
    ["b.example:5000/team/tool", { kind: "bearer", token: "bearer" }],
  ]);
  assert.equal(store, "desktop");
  assert.deepEqual([...helpers], [["gcr.io", "gcloud"], ["docker.io", "hub"]]);
  assert.deepEqual(odd, []);
});

Deno.test("parseAuthFile() skips and reports an invalid entry, without secrets", () => {
  for (
    const entry of [
      7,
      [],
      "se:cret",
      { auth: 7 },
      { auth: "***" },
      { auth: btoa("secret") },
      { auth: btoa(":secret") },
      { auth: btoa("\xff\xfe:secret") },
      { registrytoken: "secret\nX-Header: 1" },
    ]
  ) {
    const { entries, odd } = parse({ auths: { "odd.example": entry, "ghcr.io": { auth } } });
    assert.deepEqual([...entries.keys()], ["ghcr.io"], JSON.stringify(entry));
    assert.equal(odd.length, 1);
    assert.match(odd[0] ?? "", /odd\.example/);
    assert.doesNotMatch(odd[0] ?? "", /secret/);
  }
});

Deno.test("parseAuthFile() reads the rest when a member has the wrong type", () => {
  const { entries, odd } = parse({
    auths: { "ghcr.io": { auth } },
    credsStore: 1,
    credHelpers: [],
  });
  assert.equal(entries.size, 1);
  assert.equal(odd.length, 2);
  assert.equal(parse({ auths: [] }).odd.length, 1);
  assert.deepEqual(parse({}).odd, []);
});

Deno.test("parseAuthFile() reads an identity token of the user <token>", () => {
  const { entries } = parse({ auths: { "a.example": { auth: btoa("<token>:refresh") } } });
  assert.deepEqual(entries.get("a.example"), { kind: "refresh", token: "refresh" });
});

Deno.test("parseAuthFile() refuses invalid JSON", () => {
  for (const text of ["", "auths:", "[]", "{"]) {
    assert.throws(
      () => parseAuthFile(new TextEncoder().encode(text), "config.json"),
      { code: "BAD_JSON" },
      text,
    );
  }
});

Deno.test("entryKey() normalises every spelling of a registry", () => {
  for (
    const name of ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "DOCKER.IO/v2/"]
  ) {
    assert.equal(entryKey(name), "docker.io", name);
  }
  assert.equal(entryKey("https://a.example:5000/whatever"), "a.example:5000");
  assert.equal(entryKey("a.example/you/tool"), "a.example/you/tool");
  for (const name of ["", "/", "a b", "ftp://a.example", "user@a.example", "https://"]) {
    assert.equal(entryKey(name), undefined, name);
  }
});

Deno.test("parseAuthFile() reads each helper separately, and reports invalid ones", () => {
  const credHelpers = {
    "odd.example": 7,
    "https://list.example/v1/": [],
    "none.example": "",
    "null.example": null,
    "a.example": "a",
  };
  const file = parse({ credsStore: "all", credHelpers });
  const keeper = (registry: string, of = file) => {
    const { helper, isClear } = keeperOf(of, registry);
    return isClear ? helper : "?";
  };
  assert.equal(keeper("a.example"), "a");
  assert.equal(keeper("b.example"), "all");
  assert.equal(keeper("none.example"), "all");
  assert.equal(keeper("null.example"), "all");
  assert.equal(keeper("odd.example"), "?");
  assert.equal(keeper("list.example"), "?");
  assert.equal(file.odd.length, 2);
  for (const odd of [{ credsStore: 7 }, { credHelpers: [] }]) {
    assert.equal(keeper("b.example", parse(odd)), "?");
  }
  const known = parse({ credsStore: 7, credHelpers: { "a.example": "a" } });
  assert.deepEqual(["a.example", "b.example"].map((one) => keeper(one, known)), ["a", "?"]);
  assert.equal(keeper("b.example", parse({ credsStore: "", credHelpers: {} })), undefined);
  const bare = parse({ credHelpers: { myreg: "bare" } });
  assert.equal(keeper("myreg:443", bare), "bare");
});

Deno.test("namesOf() returns hosts without a dot with and without their port", () => {
  assert.deepEqual(namesOf("myreg"), ["myreg", "myreg:443"]);
  assert.deepEqual(namesOf("myreg:443"), ["myreg:443", "myreg"]);
  assert.deepEqual(namesOf("myreg:80"), ["myreg:80", "myreg"]);
  for (const name of ["myreg:5000", "localhost", "a.b", "a.b:443", "[::1]:443", "docker.io"]) {
    assert.deepEqual(namesOf(name), [name]);
  }
});

Deno.test("toolKeys() returns the tool's own key of Docker Hub first", () => {
  const hub = "https://index.docker.io/v1/";
  assert.deepEqual(toolKeys("docker.io", { isDockers: true }), [hub, "docker.io"]);
  assert.deepEqual(toolKeys("docker.io", { isDockers: false }), ["docker.io", hub]);
  assert.deepEqual(toolKeys("ghcr.io", { isDockers: true }), ["ghcr.io"]);
});

Deno.test("candidateKeys() returns the most specific key first", () => {
  assert.deepEqual(candidateKeys("a.b", "you/tool"), ["a.b/you/tool", "a.b/you", "a.b"]);
  assert.deepEqual(candidateKeys("a.b", undefined), ["a.b"]);
});
