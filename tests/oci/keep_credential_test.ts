/** Credentials that are kept and forgotten. */
import assert from "node:assert/strict";
import { forgetCredential, keepCredential } from "../../oci/mod.ts";
import { callerOf, surroundings } from "../../oci/credentials/locations.ts";
import { ANN, auth, HELPER, helper, Home, isRoot } from "../support/credentials_home.ts";

Deno.test("keepCredential() creates a private file, and forgetCredential() empties it", async () => {
  using home = new Home();
  const { path, helper } = await keepCredential("a.example", ANN, home.around);
  assert.equal(helper, undefined);
  assert.equal(path, `${home.path}/.docker/config.json`);
  const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assert.deepEqual([await mode(path), await mode(`${home.path}/.docker`)], [0o600, 0o700]);
  assert.deepEqual(await home.get("a.example"), ANN);
  assert.equal((await forgetCredential("a.example", home.around)).length, 1);
  assert.equal(await home.get("a.example"), undefined);
  assert.deepEqual(await forgetCredential("a.example", home.around), []);
  assert.equal((await Array.fromAsync(Deno.readDir(`${home.path}/.docker`))).length, 1);
});

Deno.test("keepCredential() preserves other content and the indentation", async () => {
  using home = new Home();
  const before = {
    HttpHeaders: { "X-Meta": "1" },
    auths: { "b.example": auth("bob:2"), "https://a.example/v2/": auth("old:0") },
    credHelpers: { "c.example": "none" },
    psFormat: "table",
  };
  home.write(".docker/config.json", JSON.stringify(before, null, "  "));
  await keepCredential("a.example", ANN, home.around);
  const text = home.read(".docker/config.json");
  assert.match(text, /^\{\n {2}"HttpHeaders"/);
  assert.deepEqual(JSON.parse(text), {
    ...before,
    auths: { "b.example": auth("bob:2"), "a.example": auth("ann:se:cret") },
  });
});

Deno.test("keepCredential() writes the tool's own key of Docker Hub", async () => {
  using home = new Home();
  await keepCredential("docker.io", ANN, home.around);
  assert.match(home.read(".docker/config.json"), /"https:\/\/index\.docker\.io\/v1\/"/);
  home.env["REGISTRY_AUTH_FILE"] = `${home.path}/auth.json`;
  await keepCredential("docker.io", ANN, home.around);
  assert.match(home.read("auth.json"), /"docker\.io"/);
});

Deno.test("keepCredential() uses a configured helper", async () => {
  using home = new Home();
  using _ = helper(home, "test", HELPER);
  home.write(".docker/config.json", { credsStore: "test" });
  assert.equal((await keepCredential("a.example", ANN, home.around)).helper, "test");
  assert.doesNotMatch(home.read(".docker/config.json"), /c2U|cret/);
  assert.deepEqual(await home.get("a.example"), ANN);
  assert.deepEqual((await forgetCredential("a.example", home.around)).map(({ helper }) => helper), [
    "test",
  ]);
  assert.equal(await home.get("a.example"), undefined);
});

Deno.test("keepCredential() changes nothing when the file or the helper is broken", async () => {
  using home = new Home();
  home.write(".docker/config.json", "{ broken");
  await assert.rejects(keepCredential("a.example", ANN, home.around), { code: "BAD_JSON" });
  assert.equal(home.read(".docker/config.json"), "{ broken");
  home.write(".docker/config.json", { credsStore: "missing" });
  await assert.rejects(keepCredential("a.example", ANN, home.around), { code: "HELPER" });
  assert.equal(home.read(".docker/config.json"), `{"credsStore":"missing"}`);
});

Deno.test("keepCredential() writes no password when the helper setting is invalid", async () => {
  using home = new Home();
  for (
    const document of [
      { credsStore: 7 },
      { credHelpers: "test" },
      { credHelpers: { "a.example": ["test"], "b.example": "test" } },
    ]
  ) {
    home.write(".docker/config.json", document);
    const kept = keepCredential("a.example", ANN, home.around);
    await assert.rejects(kept, { code: "BAD_CREDENTIAL", hint: /credHelpers/ });
    assert.deepEqual(JSON.parse(home.read(".docker/config.json")), document);
  }
  const others = { credHelpers: { "b.example": ["test"], "a.example": "" } };
  home.write(".docker/config.json", others);
  await keepCredential("a.example", ANN, home.around);
  assert.deepEqual(await home.get("a.example"), ANN);
});

Deno.test({
  name: "surroundings() know users that are not in the machine's own list",
  ignore: !isRoot,
  fn: () => {
    using home = new Home();
    home.write(
      "bin/getent",
      `#!/bin/sh\n[ "$*" = "passwd 4000007" ] && echo "eve:x:4000007:7::/home/eve:/bin/sh"\n`,
      0o755,
    );
    const before = Deno.env.get("PATH") ?? "";
    Deno.env.set("PATH", `${home.path}/bin:${before}`);
    try {
      const { passwd } = surroundings();
      const around = {
        env: (name: string) => name === "SUDO_UID" ? "4000007" : undefined,
        uid: 0,
        passwd,
      };
      assert.deepEqual(callerOf(around), { uid: 4000007, gid: 7, name: "eve", home: "/home/eve" });
      assert.equal(callerOf({ ...around, env: () => "4000008" }), undefined);
    } finally {
      Deno.env.set("PATH", before);
    }
  },
});

Deno.test("keepCredential() follows a link, and removes read permissions", async () => {
  using home = new Home();
  const real = home.write("dotfiles/config.json", {}, 0o644);
  await Deno.mkdir(`${home.path}/.docker`);
  await Deno.symlink(real, `${home.path}/.docker/config.json`);
  await keepCredential("a.example", ANN, home.around);
  assert.ok((await Deno.lstat(`${home.path}/.docker/config.json`)).isSymlink);
  assert.equal(((await Deno.stat(real)).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(await home.get("a.example"), ANN);
});
