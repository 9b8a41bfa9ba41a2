import assert from "node:assert/strict";
import { BOOTSTRAP, WASM_BPF } from "../support/cli.ts";
import { cosignFile } from "../support/cosign_data.ts";
import { TestRegistry } from "../support/registry.ts";
import { TokenServer, USERS } from "../support/token_server.ts";

const PASSWORD = USERS["tester"] ?? "";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line with its own home directory. */
class Session implements Disposable {
  readonly home = Deno.makeTempDirSync({ prefix: "wasm-bpf-home-" });

  get config(): string {
    return `${this.home}/.docker/config.json`;
  }

  /** Runs without a terminal, even if the tests have one. */
  async run(args: string[], stdin = ""): Promise<Ended> {
    const child = this.#spawn(["setsid", "-w", ...words(args)]);
    const output = Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
    const [[stdout, stderr], { code }] = await Promise.all([output, child.status]);
    return { code, stdout, stderr };
  }

  /** Runs at a terminal; types each text after its prompt. */
  async type(args: string[], answers: [question: string, text: string][]): Promise<Ended> {
    const quoted = words(args).map((word) => `'${word}'`).join(" ");
    const child = this.#spawn(["script", "-qefc", quoted, "/dev/null"]);
    const writer = child.stdin.getWriter();
    const errors = new Response(child.stderr).text();
    let stdout = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += text;
      const [question, keys] = answers[0] ?? [];
      if (question === undefined || !stdout.includes(question)) continue;
      answers.shift();
      await writer.write(new TextEncoder().encode(keys));
    }
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return { code, stdout, stderr: await errors };
  }

  #spawn([program = "", ...args]: string[]): Deno.ChildProcess {
    return new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", HOME: this.home, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.home, { recursive: true });
  }
}

function words(args: string[]): string[] {
  return [WASM_BPF, ...args];
}

Deno.test("login stores accepted credentials, and logout removes them", async () => {
  await using registry = await TestRegistry.start({ auth: "htpasswd" });
  using session = new Session();
  const args = ["login", "--username", "tester", "--password-stdin", registry.host];
  const first = await session.run(args, `${PASSWORD}\n`);
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  assert.match(first.stdout, /Logged in to 127\.0\.0\.1:\d+ as tester/);
  const { auths } = JSON.parse(await Deno.readTextFile(session.config));
  assert.deepEqual(auths, { [registry.host]: { auth: btoa(`tester:${PASSWORD}`) } });
  assert.match((await session.run(["logout", registry.host])).stdout, /Removed/);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(session.config)), { auths: {} });
  const again = await session.run(["logout", registry.host]);
  assert.deepEqual([again.code, again.stdout], [
    0,
    `No credentials are stored for ${registry.host}\n`,
  ]);
});

Deno.test("login stores nothing when the registry refuses", async () => {
  await using registry = await TestRegistry.start({ auth: "htpasswd" });
  using session = new Session();
  const { code, stderr } = await session.run([
    "login",
    "-u",
    "tester",
    "-p",
    "wr0ng",
    registry.host,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /^warning: .*--password-stdin/);
  assert.match(stderr, /error: Cannot log in to 127\.0\.0\.1:\d+: GET http:\S+: 401/);
  assert.match(stderr, /hint: check the name and the password/);
  assert.doesNotMatch(stderr, /wr0ng/);
  await assert.rejects(Deno.stat(session.config), Deno.errors.NotFound);
});

Deno.test("login verifies the password with the token server", async () => {
  await using tokens = await TokenServer.start();
  await using registry = await TestRegistry.start({ auth: tokens });
  using session = new Session();
  const args = ["login", "-u", "tester", "--password-stdin", registry.host];
  assert.equal((await session.run(args, "wr0ng")).code, 1);
  assert.equal((await session.run(args, PASSWORD)).code, 0);
  assert.deepEqual(tokens.requests.map(({ status }) => status), [401, 200]);
});

Deno.test("login sends the password to an anonymous registry, and warns", async () => {
  await using open = await TestRegistry.start();
  const shown: (string | null)[] = [];
  const right = `Basic ${btoa(`tester:${PASSWORD}`)}`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const authorization = request.headers.get("authorization");
    shown.push(authorization);
    const isRight = authorization === null || authorization === right;
    const headers = { "www-authenticate": "Basic realm=x" };
    return isRight ? new Response("{}") : new Response("", { status: 401, headers });
  });
  using session = new Session();
  const login = (host: string, password: string) =>
    session.run(["login", "-u", "tester", "--password-stdin", host], password);
  const checking = `127.0.0.1:${server.addr.port}`;
  const refused = await login(checking, "wr0ng");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /401[^]*hint: check the name and the password/);
  assert.deepEqual(shown, [null, `Basic ${btoa("tester:wr0ng")}`]);
  await assert.rejects(Deno.stat(session.config), Deno.errors.NotFound);
  for (const [host, password] of [[checking, PASSWORD], [open.host, "wr0ng"]] as const) {
    const { code, stderr, stdout } = await login(host, password);
    assert.deepEqual([code, stderr], [
      0,
      `note: ${host} requested no password: this one was not verified\n`,
    ]);
    assert.match(stdout, /^Logged in to /);
  }
  await server.shutdown();
});

Deno.test("login prompts at a terminal without echo", async () => {
  await using registry = await TestRegistry.start({ auth: "htpasswd" });
  using session = new Session();
  const { code, stdout } = await session.type(["login", registry.host], [
    [`User name for ${registry.host}: `, "testex\x7fr\r"],
    ["Password or token: ", `wrong\x15${PASSWORD}ü\x7f\r`],
  ]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /: testex[\b] [\b]r\r\nPassword or token: \r\nLogged in/);
  const { auths } = JSON.parse(await Deno.readTextFile(session.config));
  assert.deepEqual(auths, { [registry.host]: { auth: btoa(`tester:${PASSWORD}`) } });
});

for (const [name, keys] of [["Ctrl-C", "x\x03"], ["Ctrl-D", "\x04"]] as const) {
  Deno.test(`login ends at ${name} and changes nothing`, async () => {
    using session = new Session();
    const args = ["login", "--username", "tester", "127.0.0.1:1"];
    const { code, stdout } = await session.type(args, [["Password or token: ", keys]]);
    assert.deepEqual([code, stdout], [130, "Password or token: \r\n"]);
  });
}

for (const [name, keys] of [["Ctrl-C", "x\x03"], ["Ctrl-D", "\x04"]] as const) {
  Deno.test(`pull and push --sign-key end at ${name} silently`, async () => {
    using session = new Session();
    await using registry = await TestRegistry.start({ auth: "htpasswd" });
    const reference = `${registry.host}/you/tool:v1`;
    const pull = await session.type(["pull", "-u", "tester", reference], [
      ["Password or token: ", keys],
    ]);
    assert.deepEqual([pull.code, pull.stdout], [130, "Password or token: \r\n"]);
    const key = cosignFile("p256.key");
    const push = await session.type(["push", "--sign-key", key, BOOTSTRAP, reference], [
      ["Password of ", keys],
    ]);
    assert.deepEqual([push.code, push.stdout], [130, `Password of ${key}: \r\n`]);
  });
}

Deno.test("login without a terminal prints the options to use", async () => {
  using session = new Session();
  const { code, stderr } = await session.run(["login", "127.0.0.1:1"]);
  assert.equal(code, 1);
  assert.match(stderr, /not a terminal[^]*hint: pass --username NAME.*--password-stdin/);
});

Deno.test("logout removes a host without a dot with and without its port", async () => {
  using session = new Session();
  await Deno.mkdir(`${session.home}/.docker`);
  for (const key of ["myreg", "myreg:443", "https://myreg/v2/"]) {
    const auths = { [key]: { auth: btoa("a:b") } };
    await Deno.writeTextFile(session.config, JSON.stringify({ auths }));
    assert.match((await session.run(["logout", "myreg"])).stdout, /^Removed myreg:443 from /);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(session.config)), { auths: {} });
  }
});

Deno.test("login and logout refuse invalid registries", async () => {
  using session = new Session();
  for (
    const args of [["login", "a/b"], ["logout", "a b"], ["login", "a", "b"], [
      "login",
      "--password-stdin",
    ]]
  ) {
    assert.equal((await session.run(args)).code, 2, args.join(" "));
  }
});

Deno.test("login and skopeo find each other's credentials", async () => {
  await using registry = await TestRegistry.start({ auth: "htpasswd" });
  using session = new Session();
  const skopeo = async (...args: string[]) => {
    const env = {
      REGISTRY_AUTH_FILE: `${session.home}/auth.json`,
      PATH: Deno.env.get("PATH") ?? "",
    };
    const { code } = await new Deno.Command("skopeo", { args, env, clearEnv: true }).output();
    return code;
  };
  const { host } = registry;
  const list = ["list-tags", "--tls-verify=false", `docker://${host}/x`];
  assert.notEqual(await skopeo(...list), 0);
  // From wasm-bpf, in docker's file.
  assert.equal(
    (await session.run(["login", "-u", "tester", "--password-stdin", host], PASSWORD)).code,
    0,
  );
  const authfile = `--authfile=${session.config}`;
  const inspected = await skopeo(
    "inspect",
    "--raw",
    "--tls-verify=false",
    authfile,
    `docker://${host}/x`,
  );
  assert.equal(inspected, 1);
  assert.match(await registry.log(), /auth.user.name=tester/);
  // From skopeo.
  const login = ["login", "--tls-verify=false", "-u", "reader", "-p", USERS["reader"] ?? "", host];
  assert.equal(await skopeo(...login), 0);
  const config = await Deno.readTextFile(`${session.home}/auth.json`);
  await Deno.writeTextFile(session.config, config);
  const { stderr } = await session.run(["pull", `${host}/x`]);
  assert.match(stderr, /404 Not Found/);
});
