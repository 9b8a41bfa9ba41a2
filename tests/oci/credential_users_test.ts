/** Credentials of other users: under sudo, and of homes that others can change. */
import assert from "node:assert/strict";
import {
  forgetCredential,
  keepCredential,
  storedCredentials,
  type Surroundings,
} from "../../oci/mod.ts";
import {
  ANN,
  auth,
  helper,
  Home,
  isRoot,
  password,
  rootWith,
  underSudo,
} from "../support/credentials_home.ts";

Deno.test({
  name: "storedCredentials() under sudo uses the caller's file, and no other in its place",
  ignore: !isRoot,
  fn: async () => {
    using home = new Home();
    const path = home.write(".docker/config.json", { auths: { "a.example": auth("ann:1") } });
    const odd: string[] = [];
    const get = () =>
      storedCredentials({ around: underSudo(home), onOdd: (text) => void odd.push(text) })
        .get("a.example");
    await Deno.chown(path, 65534, 65534);
    assert.deepEqual(await get(), password("ann", "1"));
    await Deno.chown(path, 1234, 1234);
    assert.equal(await get(), undefined);
    assert.match(odd[0] ?? "", /belongs to user 1234/);
    // A link does not change the owner.
    await Deno.rename(path, `${path}.other`);
    await Deno.symlink(`${path}.other`, path);
    assert.equal(await get(), undefined);
  },
});

Deno.test({
  name: "storedCredentials() under sudo runs the caller's helper without root's rights",
  ignore: !isRoot,
  fn: async () => {
    using home = new Home();
    await Deno.chmod(home.path, 0o755);
    const script =
      `#!/bin/sh\necho "{\\"Username\\":\\"$(id -u):$(id -G)\\",\\"Secret\\":\\"$HOME\\"}"\n`;
    using _ = helper(home, "who", script);
    const path = home.write(".docker/config.json", { credsStore: "who" });
    await Deno.chown(path, 65534, 65534);
    const found = await storedCredentials({ around: underSudo(home) }).get("a.example");
    assert.deepEqual(found, password("65534:65534", home.path));
  },
});

Deno.test({
  name: "storedCredentials() under sudo shows the caller's helper nothing of root's environment",
  ignore: !isRoot,
  fn: async () => {
    using home = new Home();
    await Deno.chmod(home.path, 0o755);
    const script =
      `#!/bin/sh\necho "{\\"Username\\":\\"x\\",\\"Secret\\":\\"$(env | cut -d= -f1 | sort | tr '\\n' ' ')\\"}"\n`;
    using _ = helper(home, "env", script);
    const path = home.write(".docker/config.json", { credsStore: "env" });
    await Deno.chown(path, 65534, 65534);
    for (const [name, value] of [["COSIGN_PASSWORD", "s3cret"], ["LC_TIME", "C"]]) {
      Deno.env.set(name ?? "", value ?? "");
    }
    try {
      const found = await storedCredentials({ around: underSudo(home) }).get("a.example");
      assert.ok(found?.kind === "password");
      const names = found.password.trim().split(" ");
      const known =
        /^(PATH|TERM|LANG|LANGUAGE|LC_\w+|HOME|USER|LOGNAME|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|PWD|OLDPWD|SHLVL|_)$/;
      assert.deepEqual(names.filter((name) => !known.test(name)), []);
      assert.ok(names.includes("PATH") && names.includes("LC_TIME"));
    } finally {
      for (const name of ["COSIGN_PASSWORD", "LC_TIME"]) Deno.env.delete(name);
    }
  },
});

Deno.test({
  name: "root runs no helper from a DOCKER_CONFIG that another user can change",
  ignore: !isRoot,
  fn: async () => {
    using home = new Home();
    await Deno.chmod(home.path, 0o755);
    const script = `#!/bin/sh\necho "{\\"Username\\":\\"$(id -u)\\",\\"Secret\\":\\"x\\"}"\n`;
    using _ = helper(home, "who", script);
    const path = home.write(".docker/config.json", {
      credsStore: "who",
      auths: { "a.example": auth("entry:1") },
    });
    const folder = `${home.path}/.docker`;
    await Deno.chmod(folder, 0o755);
    const odd: string[] = [];
    const get = async (around: Surroundings) => {
      odd.length = 0;
      const options = { around, onOdd: (text: string) => void odd.push(text) };
      const found = await storedCredentials(options).get("a.example");
      return found?.kind === "password" ? found.username : undefined;
    };
    assert.equal(await get(rootWith(home)), "0");
    for (
      const [change, undo] of [
        [() => Deno.chown(path, 1234, 1234), () => Deno.chown(path, 0, 0)],
        [() => Deno.chown(folder, 1234, 1234), () => Deno.chown(folder, 0, 0)],
        [() => Deno.chmod(path, 0o620), () => Deno.chmod(path, 0o600)],
        [() => Deno.chmod(folder, 0o775), () => Deno.chmod(folder, 0o755)],
      ] as const
    ) {
      await change();
      // Entries of the file still count: they are not executed.
      assert.equal(await get(rootWith(home)), "entry");
      assert.match(odd[0] ?? "", /^Cannot run the helper that ".*" names as root: /);
      await assert.rejects(keepCredential("a.example", ANN, rootWith(home)), { code: "EPERM" });
      await assert.rejects(forgetCredential("a.example", rootWith(home)), { code: "EPERM" });
      await undo();
    }
    await Deno.chown(path, 1234, 1234);
    assert.equal(await get(rootWith(home, { caller: 1234 })), "1234");
    assert.equal(await get(rootWith(home, { caller: 4321 })), "entry");
    await Deno.chown(folder, 4321, 4321);
    assert.equal(await get(rootWith(home, { caller: 1234 })), "entry");
  },
});

Deno.test({
  name: "root whose HOME belongs to another user reads it, and writes to its own",
  ignore: !isRoot,
  fn: async () => {
    using theirs = new Home();
    using own = new Home();
    theirs.write(".docker/config.json", { auths: { "a.example": auth("ann:1") } });
    await Deno.chown(theirs.path, 1234, 1234);
    const around: Surroundings = {
      env: (name) => name === "HOME" ? theirs.path : undefined,
      uid: 0,
      passwd: () => `root:x:0:0::${own.path}:/bin/sh\n`,
    };
    const get = (registry: string) => storedCredentials({ around }).get(registry);
    assert.deepEqual(await get("a.example"), password("ann", "1"));
    const { path } = await keepCredential("b.example", ANN, around);
    assert.equal(path, `${own.path}/.docker/config.json`);
    assert.deepEqual(await get("b.example"), ANN);
  },
});
