import assert from "node:assert/strict";
import { dirname } from "node:path";
import { cosignFile } from "../../tests/support/cosign_data.ts";
import { parseReference } from "../reference.ts";
import { policiesThere, policyPaths } from "./policy_files.ts";
import { checkAddress, requirementsFor } from "./requirements.ts";

const TOOL = parseReference("ghcr.io/you/tool:v1");

/** Directory with policies and keys, for one test. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "wasm-bpf-policy-" });

  write(name: string, content: unknown, mode = 0o644): string {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    Deno.chmodSync(path, mode);
    return path;
  }

  policy(references: unknown, name = "policy.json"): string {
    return this.write(name, { references });
  }

  key(name: string, as = `${name}.pub`): string {
    return this.write(as, Deno.readTextFileSync(cosignFile(`${name}.pub`)));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("requirementsFor() returns none without keys and policies, or when policies accept", () => {
  using folder = new Folder();
  assert.deepEqual(requirementsFor(TOOL, { policies: [] }), []);
  const policies = [folder.policy({ "ghcr.io/you/*": "accept", "*": "reject" })];
  assert.deepEqual(requirementsFor(TOOL, { policies }), []);
});

Deno.test("requirementsFor() throws when a policy rejects or has no pattern", () => {
  using folder = new Folder();
  const cases = [
    { "*": "reject" },
    { "ghcr.io/you/tool": "reject", "*": "accept" },
    { "docker.io/*": "accept" },
  ];
  for (const references of cases) {
    const policies = [folder.policy(references)];
    const refused = { name: "TrustError", code: "REJECTED" };
    assert.throws(() => requirementsFor(TOOL, { policies }), refused);
    const verifyKeys = [folder.key("p256")];
    assert.throws(() => requirementsFor(TOOL, { policies, verifyKeys }), refused);
  }
});

Deno.test("requirementsFor() combines options and all policies", () => {
  using folder = new Folder();
  const [p256, rsa] = [folder.key("p256"), folder.key("rsa")];
  const pem = Deno.readTextFileSync(folder.key("p384"));
  const policies = [
    folder.policy({ "*": { keys: ["p256.pub", pem] } }, "one.json"),
    folder.policy({ "*": { keys: [rsa] } }, "two.json"),
    folder.policy({ "*": "accept" }, "three.json"),
  ];
  const wanted = requirementsFor(TOOL, { policies, verifyKeys: [p256, rsa] });
  assert.deepEqual(wanted.map(({ source }) => source), [
    `--verify-key ${p256}`,
    `--verify-key ${rsa}`,
    `"*" in ${folder.path}/one.json`,
    `"*" in ${folder.path}/two.json`,
  ]);
  assert.deepEqual(wanted.map(({ keys }) => keys.map(({ name }) => name)), [
    [p256],
    [rsa],
    [p256, `in ${folder.path}/one.json`],
    [rsa],
  ]);
});

Deno.test("requirementsFor() refuses missing and invalid keys", () => {
  using folder = new Folder();
  folder.write("no.pub", "no key");
  folder.write("open.pub", Deno.readTextFileSync(cosignFile("p256.pub")), 0o666);
  for (const key of ["absent.pub", "no.pub", "open.pub", ".", "~/p256.pub"]) {
    const policies = [folder.policy({ "*": { keys: [key] } })];
    assert.throws(() => requirementsFor(TOOL, { policies }), { code: "BAD_KEY" }, key);
  }
  for (const verifyKeys of [["/nowhere/x.pub"], [folder.path], [cosignFile("p256.key")]]) {
    assert.throws(() => requirementsFor(TOOL, { policies: [], verifyKeys }), { code: "BAD_KEY" });
  }
});

Deno.test("requirementsFor() reads only the keys of matching rules", () => {
  using folder = new Folder();
  const policies = [folder.policy({ "ghcr.io/*": "accept", "docker.io/*": { keys: ["absent"] } })];
  assert.deepEqual(requirementsFor(TOOL, { policies }), []);
});

Deno.test("requirementsFor() refuses policies that others can write to, or that are not files", () => {
  using folder = new Folder();
  const text = JSON.stringify({ references: { "*": "accept" } });
  const link = `${folder.path}/link.json`;
  Deno.symlinkSync("nowhere.json", link);
  Deno.symlinkSync("loop", `${folder.path}/loop`);
  const odd = [
    `${folder.path}/loop/policy.json`,
    folder.write("open.json", text, 0o666),
    folder.write("cut.json", text.slice(1)),
    folder.write("empty.json", ""),
    folder.path,
    link,
  ];
  for (const path of odd) {
    assert.deepEqual(policiesThere([path]), [path]);
    const refused = { name: "TrustError", code: "BAD_POLICY" };
    assert.throws(() => requirementsFor(TOOL, { policies: [path] }), refused, path);
  }
});

Deno.test({
  name: "requirementsFor() uses no policy of another user",
  ignore: Deno.uid() !== 0,
  fn() {
    using folder = new Folder();
    const path = folder.policy({ "*": "accept" });
    Deno.chownSync(path, 65534, 65534);
    assert.throws(() => requirementsFor(TOOL, { policies: [path] }), { code: "BAD_POLICY" });
  },
});

Deno.test("policiesThere() returns existing paths", () => {
  using folder = new Folder();
  const path = folder.policy({ "*": "accept" });
  assert.deepEqual(policiesThere([path, path]), [path]);
  assert.deepEqual(policiesThere([`${folder.path}/no.json`, `${path}/policy.json`]), []);
});

Deno.test("policyPaths() starts with the machine's policy", () => {
  assert.equal(policyPaths()[0], "/etc/wasm-bpf/policy.json");
  assert.ok(policyPaths().every((path) => path.endsWith("/wasm-bpf/policy.json")));
});

Deno.test({
  name: "policyPaths() takes no folder of another for the user's own",
  ignore: Deno.uid() !== 0,
  fn() {
    using folder = new Folder();
    const before = Deno.env.get("XDG_CONFIG_HOME");
    using _restored = {
      [Symbol.dispose]() {
        if (before === undefined) Deno.env.delete("XDG_CONFIG_HOME");
        else Deno.env.set("XDG_CONFIG_HOME", before);
      },
    };
    Deno.env.set("XDG_CONFIG_HOME", folder.path);
    assert.equal(policyPaths()[1], `${folder.path}/wasm-bpf/policy.json`);
    Deno.chownSync(folder.path, 65534, 65534);
    assert.match(policyPaths()[1] ?? "", /\/\.config\/wasm-bpf\/policy\.json$/);
    for (const odd of ["config", `${folder.path}/absent`]) {
      Deno.env.set("XDG_CONFIG_HOME", odd);
      assert.match(policyPaths()[1] ?? "", /\/\.config\/wasm-bpf\/policy\.json$/, odd);
    }
    Deno.chownSync(folder.path, 0, 0);
  },
});

Deno.test("checkAddress() allows only accepted addresses", () => {
  using folder = new Folder();
  folder.key("p256");
  const policies = [folder.policy({
    "*": "reject",
    "files.example/*": "accept",
    "files.example/signed/*": { keys: ["p256.pub"] },
    "localhost:8080/*": "accept",
  })];
  for (const address of ["https://files.example/x.wasm", "http://localhost:8080/a/b.wasm?x=y"]) {
    checkAddress(new URL(address), { policies });
  }
  const bad = [
    "https://files.example/signed/x.wasm",
    "https://files.example/a/../signed/x.wasm",
    "https://files.example.evil/x.wasm",
    "https://files.example@evil.example/x.wasm",
    "http://localhost/x.wasm",
  ];
  for (const address of bad) {
    const url = new URL(address);
    assert.throws(() => checkAddress(url, { policies }), { code: "REJECTED" }, address);
  }
  checkAddress(new URL("https://anything.example/x.wasm"), { policies: [] });
});

Deno.test("checkAddress() applies one rule to every spelling of an address, or refuses it", () => {
  using folder = new Folder();
  folder.key("p256");
  const policies = [folder.policy({
    "*": "accept",
    "127.0.0.1:8080/signed/*": { keys: ["p256.pub"] },
    "files.example/signed/*": "reject",
  })];
  const host = "http://127.0.0.1:8080";
  const bad = [
    ...["//signed/x.wasm", "/%73igned/x.wasm", "/./signed/x.wasm", "/a/%2e%2e/signed/x.wasm"],
    ...["/%2fsigned/x.wasm", "/signed%2fx.wasm", "/a\\..\\signed/x.wasm", "/signed%5cx.wasm"],
    ...["/signed;a/x.wasm", "/signed%3Ba/x.wasm", "/signed./x.wasm", "/signed%20/x.wasm"],
    ...["/SIGNED/x.wasm", "/%2573igned/x.wasm", "/a//x.wasm", "/%ff/x.wasm", "/signed/x%00.wasm"],
  ].map((path) => `${host}${path}`);
  const hosts = ["127.1:8080", "0x7f.1:08080", "2130706433:8080", "127.0.0.1.:8080"];
  const more = [
    ...hosts.map((one) => `http://${one}/signed/x.wasm`),
    "http://[::ffff:127.0.0.1]:8080/signed/x.wasm",
    ...["FILES.example", "files.example:0443", "files.example.", "files%2eexample"].map((one) =>
      `https://${one}/signed/x.wasm`
    ),
    "http://files.example/signed/x.wasm",
    "http://files.example:443/signed/x.wasm",
  ];
  for (const address of [...bad, ...more]) {
    const url = new URL(address);
    assert.throws(() => checkAddress(url, { policies }), { code: "REJECTED" }, address);
  }
  for (const path of ["/ok/x.wasm", "/Ok/a%20b.wasm", "/v1.0/.x/y.wasm", "/"]) {
    checkAddress(new URL(`${host}${path}`), { policies });
  }
});

Deno.test("requirementsFor() refuses policies and keys that other users can change or replace", () => {
  using folder = new Folder();
  folder.key("p256", "keys/p256.pub");
  const text = JSON.stringify({ references: { "*": { keys: ["../../keys/p256.pub"] } } });
  const policy = folder.write("etc/wasm-bpf/policy.json", text);
  const check = () => requirementsFor(TOOL, { policies: [policy] });
  assert.equal(check().length, 1);
  const cases: [string, number, string][] = [
    ["etc/wasm-bpf/policy.json", 0o664, "BAD_POLICY"],
    ["etc/wasm-bpf/policy.json", 0o646, "BAD_POLICY"],
    ["etc/wasm-bpf", 0o777, "BAD_POLICY"],
    ["etc/wasm-bpf", 0o1777, "BAD_POLICY"],
    ["etc/wasm-bpf", 0o1775, "BAD_POLICY"],
    ["etc", 0o777, "BAD_POLICY"],
    ["keys/p256.pub", 0o664, "BAD_KEY"],
    ["keys", 0o777, "BAD_KEY"],
    ["keys", 0o1777, "BAD_KEY"],
    // A user's private group may write to the user's directories.
    ...Deno.uid() !== 0 ? [] : [
      ["etc/wasm-bpf", 0o775, "BAD_POLICY"] satisfies [string, number, string],
      ["etc", 0o775, "BAD_POLICY"] satisfies [string, number, string],
    ],
  ];
  for (const [name, mode, code] of cases) {
    const path = `${folder.path}/${name}`;
    const before = (Deno.statSync(path).mode ?? 0) & 0o7777;
    Deno.chmodSync(path, mode);
    assert.throws(check, { name: "TrustError", code }, `${name} ${mode.toString(8)}`);
    Deno.chmodSync(path, before);
  }
  assert.equal(check().length, 1);
  // The directories of a link's target count as well.
  Deno.mkdirSync(`${folder.path}/open`);
  Deno.chmodSync(`${folder.path}/open`, 0o777);
  Deno.renameSync(policy, `${folder.path}/open/policy.json`);
  Deno.symlinkSync("../../open/policy.json", policy);
  assert.throws(check, { code: "BAD_POLICY" });
  Deno.chmodSync(`${folder.path}/open`, 0o755);
  assert.equal(check().length, 1);
});
