import assert from "node:assert/strict";
import { forgetCredential, keepCredential } from "../../oci/mod.ts";
import { ANN, auth, HELPER, helper, Home, password } from "../support/credentials_home.ts";

Deno.test("storedCredentials() returns a registry's entry, and a more specific one of podman", async () => {
  using home = new Home();
  home.write(".docker/config.json", { auths: { "a.example": auth("ann:1") } });
  home.write(".config/containers/auth.json", {
    auths: { "b.example": auth("ann:2"), "b.example/team": auth("team:3") },
  });
  assert.deepEqual(await home.get("a.example", "x"), password("ann", "1"));
  assert.deepEqual(await home.get("b.example", "you/x"), password("ann", "2"));
  assert.deepEqual(await home.get("b.example", "team/x"), password("team", "3"));
  assert.equal(await home.get("c.example", "x"), undefined);
  assert.deepEqual(home.odd, []);
});

Deno.test("storedCredentials() reports and skips a broken file", async () => {
  using home = new Home();
  home.write(".docker/config.json", "{ broken");
  home.write(".config/containers/auth.json", { auths: { "a.example": auth("ann:1"), b: 7 } });
  assert.deepEqual(await home.get("a.example"), password("ann", "1"));
  assert.equal(home.odd.length, 2);
});

Deno.test("storedCredentials() does not block on a pipe in place of a file", async () => {
  using home = new Home();
  await Deno.mkdir(`${home.path}/.docker`);
  await new Deno.Command("mkfifo", { args: [`${home.path}/.docker/config.json`] }).output();
  assert.equal(await home.get("a.example"), undefined);
  assert.equal(home.odd.length, 1);
});

Deno.test("storedCredentials() uses the registry's helper, the store, then the file", async () => {
  using home = new Home();
  using _ = helper(home, "test", HELPER);
  home.write(".docker/config.json", {
    auths: { "c.example": auth("ann:3") },
    credsStore: "test",
    credHelpers: { "b.example": "missing" },
  });
  home.write(
    "bin/docker-credential-test.kept",
    `{"ServerURL":"a.example","Username":"ann","Secret":"1"}`,
  );
  assert.deepEqual(await home.get("a.example"), password("ann", "1"));
  assert.deepEqual(await home.get("c.example"), password("ann", "3"));
  assert.deepEqual(home.odd, []);
  assert.equal(await home.get("b.example"), undefined);
  assert.match(home.odd[0] ?? "", /docker-credential-missing/);
});

Deno.test("storedCredentials() calls a helper with docker's own name of Docker Hub", async () => {
  using home = new Home();
  using _ = helper(
    home,
    "hub",
    `#!/bin/sh\nread -r url\necho "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$url\\"}"\n`,
  );
  home.write(".docker/config.json", { credsStore: "hub" });
  assert.deepEqual(await home.get("docker.io"), {
    kind: "refresh",
    token: "https://index.docker.io/v1/",
  });
});

Deno.test("storedCredentials() calls helpers with docker's and podman's names of Docker Hub", async () => {
  using home = new Home();
  using _ = helper(home, "test", HELPER);
  const kept = () => JSON.parse(home.read("bin/docker-credential-test.kept")).ServerURL;
  const hub = { docker: "https://index.docker.io/v1/", podman: "docker.io" };
  const file = home.write("auth.json", { credsStore: "test" });
  home.write(".docker/config.json", { credsStore: "test" });
  for (const [tool, key] of Object.entries(hub)) {
    if (tool === "podman") home.env["REGISTRY_AUTH_FILE"] = file;
    await keepCredential("docker.io", ANN, home.around);
    assert.equal(kept(), key);
    assert.deepEqual(await home.get("docker.io", "library/x"), ANN);
  }
  // docker's file names the helper with podman's credentials as well.
  delete home.env["REGISTRY_AUTH_FILE"];
  assert.deepEqual(await home.get("docker.io"), ANN);
  assert.equal((await forgetCredential("docker.io", home.around)).length, 1);
  assert.equal(await home.get("docker.io"), undefined);
});

Deno.test("storedCredentials() finds a host without a dot with and without its port", async () => {
  using home = new Home();
  home.write(".docker/config.json", { auths: { "myreg": auth("ann:se:cret") } });
  for (const name of ["myreg", "myreg:443", "myreg:80"]) {
    assert.deepEqual(await home.get(name, "you/x"), ANN, name);
  }
  assert.equal(await home.get("myreg:5000"), undefined);
  home.write(".docker/config.json", {
    auths: { "myreg": auth("old:0"), "myreg:443": auth("ann:se:cret"), "myreg:80": auth("b:2") },
  });
  assert.deepEqual(await home.get("myreg:443"), ANN);
  assert.equal((await forgetCredential("myreg:443", home.around)).length, 1);
  assert.equal(await home.get("myreg:443"), undefined);
  assert.deepEqual(await home.get("myreg:80"), password("b", "2"));
});

for (
  const [what, script] of Object.entries({
    "that fails": "#!/bin/sh\necho boom; exit 3\n",
    "that prints something else": "#!/bin/sh\necho secret\n",
    // time: longer than a helper may take.
    "that does not end": "#!/bin/sh\nsleep 2\n",
    "that prints without end": "#!/bin/sh\nexec yes secret\n",
    "that is not a program": "\0\0",
  })
) {
  Deno.test(`storedCredentials() skips a helper ${what}`, async () => {
    using home = new Home();
    using _ = helper(home, "bad", script);
    home.write(".docker/config.json", { auths: { "a.example": auth("ann:1") }, credsStore: "bad" });
    const options = { helperTimeoutMs: 500 };
    assert.deepEqual(await home.get("a.example", undefined, options), password("ann", "1"));
    assert.equal(home.odd.length, 1);
    assert.doesNotMatch(home.odd[0] ?? "", /secret/);
  });
}

Deno.test("storedCredentials() runs only helpers in PATH", async () => {
  using home = new Home();
  for (const name of ["../../bin/x", "/bin/sh", "a b", "-x", "x;y", " "]) {
    home.write(".docker/config.json", { credHelpers: { "a.example": name } });
    assert.equal(await home.get("a.example"), undefined, name);
  }
  assert.equal(home.odd.length, 6);
});
