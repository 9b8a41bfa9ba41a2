import assert from "node:assert/strict";
import {
  type Credential,
  forgetCredential,
  keepCredential,
  storedCredentials,
  type Surroundings,
} from "../../oci/mod.ts";
import { callerOf, surroundings } from "../../oci/credentials/locations.ts";

/** Home directory of a user, with programs in its `bin`. */
class Home implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "wasm-bpf-home-" });
  readonly odd: string[] = [];
  readonly env: Record<string, string> = { HOME: this.path };

  readonly around: Surroundings = {
    env: (name) => this.env[name],
    uid: 4_000_000,
    passwd: () => "",
  };

  write(path: string, document: unknown, mode = 0o600): string {
    const whole = `${this.path}/${path}`;
    Deno.mkdirSync(whole.replace(/\/[^/]*$/, ""), { recursive: true });
    const text = typeof document === "string" ? document : JSON.stringify(document);
    Deno.writeTextFileSync(whole, text, { mode });
    return whole;
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.path}/${path}`);
  }

  get(registry: string, repository?: string): Promise<Credential | undefined> {
    const options = {
      around: this.around,
      onOdd: (text: string) => void this.odd.push(text),
      helperTimeoutMs: 500,
    };
    return storedCredentials(options).get(registry, repository);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const auth = (text: string) => ({ auth: btoa(text) });
const password = (username: string, password: string) => ({ kind: "password", username, password });

/** Helper that stores its credentials in a file next to it. */
const HELPER = `#!/bin/sh
file=$0.kept
case $1 in
get) read -r url; [ -e "$file" ] && grep -qF "\\"$url\\"" "$file" && exec cat "$file"
	echo "credentials not found in native keychain"; exit 1 ;;
store) cat >"$file" ;;
erase) rm -f "$file" ;;
esac
`;

/** Installs a program in `PATH`. */
function helper(home: Home, name: string, script: string): Disposable {
  home.write(`bin/docker-credential-${name}`, script, 0o755);
  const before = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${home.path}/bin:${before}`);
  return { [Symbol.dispose]: () => Deno.env.set("PATH", before) };
}

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
    assert.deepEqual(await home.get("a.example"), password("ann", "1"));
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

/** Root, without sudo. */
function underSudo(home: Home): Surroundings {
  const passwd = `nobody:x:65534:65534::${home.path}:/bin/sh\n`;
  const env: Record<string, string> = { HOME: "/nonexistent", SUDO_UID: "65534" };
  return { env: (name) => env[name], uid: 0, passwd: () => passwd };
}

const isRoot = Deno.uid() === 0;

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

const ANN = { kind: "password", username: "ann", password: "se:cret" } as const;

/** Root with an inherited `DOCKER_CONFIG`, under sudo of `caller` if given. */
function rootWith(home: Home, { caller }: { caller?: number } = {}): Surroundings {
  const passwd = `root:x:0:0::/root:/bin/sh\nann:x:${caller}:1::${home.path}:/bin/sh\n`;
  const env: Record<string, string> = {
    DOCKER_CONFIG: `${home.path}/.docker`,
    ...(caller === undefined ? {} : { SUDO_UID: String(caller) }),
  };
  return { env: (name) => env[name], uid: 0, passwd: () => passwd };
}

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
