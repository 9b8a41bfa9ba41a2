import assert from "node:assert/strict";
import { HostError, Registry, type RegistryOptions } from "../../oci/mod.ts";
import {
  type CertificateOptions,
  loopbackCertificate,
  selfSigned,
} from "../support/certificates.ts";
import { runCli } from "../support/cli.ts";
import { privateRoot } from "../support/mounts.ts";
import { Place, speaking } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import { TokenServer } from "../support/token_server.ts";

/** Server with `/v2/` and its own certificate. */
class TlsServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #folder: string;

  private constructor(folder: string, files: { cert: string; key: string }) {
    this.#folder = folder;
    const options = { hostname: "127.0.0.1", port: 0, onListen() {}, ...files };
    this.#server = Deno.serve(options, () => new Response("{}"));
  }

  static async start(options: CertificateOptions = {}): Promise<TlsServer> {
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-tls-" });
    const authority = await selfSigned(folder, "authority");
    const { certificateFile, keyFile } = await loopbackCertificate(folder, authority, options);
    const [cert, key] = [certificateFile, keyFile].map((path) => Deno.readTextFileSync(path));
    return new TlsServer(folder, { cert: cert ?? "", key: key ?? "" });
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get caFile(): string {
    return `${this.#folder}/authority.pem`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function ping(name: string, options: RegistryOptions = {}): Promise<string> {
  using registry = new Registry(name, {
    ...options,
    // A lost packet to or from a name server costs 5 s.
    timing: { attempts: 1, backoffMs: 1, longestWaitMs: 1 },
  });
  try {
    await registry.ping();
    return "ok";
  } catch (error) {
    assert.ok(error instanceof HostError, String(error));
    return `${error.code}: ${error.message}; ${error.hint}`;
  }
}

/** Sets environment variables until disposed of. */
function environment(variables: Record<string, string>): Disposable {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}

Deno.test("TLS: a loopback registry is probed, and its authority must be trusted", async () => {
  await using server = await TlsServer.start();
  const name = `localhost:${server.port}`;
  assert.match(await ping(name), /^TLS: .*by an unknown authority; .*--ca-file/);
  assert.equal(await ping(name, { caFile: server.caFile }), "ok");
});

Deno.test("TLS: the machine's authorities are trusted", async () => {
  await using server = await TlsServer.start();
  using _ = environment({ SSL_CERT_FILE: server.caFile });
  assert.equal(await ping(`localhost:${server.port}`), "ok");
});

Deno.test("TLS: an invalid certificate in the machine's list is skipped", async () => {
  await using server = await TlsServer.start();
  const begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
  const list = `${begin}\nAAAA\n${end}\n${await Deno.readTextFile(server.caFile)}`;
  const path = `${server.caFile}.list`;
  await Deno.writeTextFile(path, list);
  using _ = environment({ SSL_CERT_FILE: path });
  assert.equal(await ping(`localhost:${server.port}`), "ok");
});

Deno.test("TLS: a certificate for another name is refused", async () => {
  await using server = await TlsServer.start({ names: "DNS:other.test" });
  const said = await ping(`localhost:${server.port}`, { caFile: server.caFile });
  assert.match(said, /^TLS: .*for another name/);
});

Deno.test("TLS: an expired certificate is refused", async () => {
  await using server = await TlsServer.start({ expired: true });
  const said = await ping(`localhost:${server.port}`, { caFile: server.caFile });
  assert.match(said, /^TLS: .*expired or not yet valid; .*clock/);
});

Deno.test("TLS: --ca-file and requireTls allow no HTTP", async () => {
  await using registry = await TestRegistry.start();
  await using server = await TlsServer.start();
  for (const options of [{ caFile: server.caFile }, { requireTls: true }]) {
    const said = await ping(registry.host, options);
    assert.match(said, /^TLS: .*does not support TLS; .*--plain-http/);
  }
});

Deno.test("TLS: an invalid or missing file of authorities is an error", async () => {
  const path = await Deno.makeTempFile();
  try {
    assert.match(await ping("localhost:1", { caFile: path }), /^BAD_CERTIFICATE: .*PEM/);
    assert.match(await ping("localhost:1", { caFile: `${path}.none` }), /^ENOENT: /);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a refused connection and an unknown host are reported", async () => {
  assert.match(await ping("127.0.0.1:1"), /^UNREACHABLE: .*connection refused/);
  assert.match(await ping("registry.invalid"), /^UNKNOWN_HOST: .*unknown host/);
});

/** Proxy that connects every request to one server, and records the requests. */
class ConnectProxy implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;

  constructor(port: number) {
    this.#done = this.#accept(port);
  }

  get url(): string {
    return `http://ann:s3cret@127.0.0.1:${this.#listener.addr.port}`;
  }

  async #accept(port: number): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      this.#serve(connection, port).catch(() => {/* It was closed. */});
    }
  }

  async #serve(connection: Deno.TcpConn, port: number): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    const count = await connection.read(buffer);
    const head = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    this.asked.push(head);
    const onward = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#connections.add(onward);
    if (head.startsWith("CONNECT")) {
      await connection.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\n\r\n"));
    } else await onward.write(buffer.subarray(0, count ?? 0));
    await Promise.all([
      connection.readable.pipeTo(onward.writable),
      onward.readable.pipeTo(connection.writable),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#done.catch(() => {});
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // Already closed.
      }
    }
  }
}

Deno.test("proxies: HTTPS_PROXY tunnels, with user and password", async () => {
  await using server = await TlsServer.start({ names: "DNS:registry.test" });
  await using proxy = new ConnectProxy(server.port);
  using _ = environment({ HTTPS_PROXY: proxy.url });
  assert.equal(await ping("registry.test", { caFile: server.caFile }), "ok");
  assert.match(proxy.asked[0] ?? "", /^CONNECT registry\.test:443 HTTP\/1\.1\r\n/);
  assert.match(proxy.asked[0] ?? "", new RegExp(`authorization: Basic ${btoa("ann:s3cret")}`, "i"));
});

Deno.test("proxies: http_proxy receives plain addresses", async () => {
  await using registry = await TestRegistry.start();
  await using proxy = new ConnectProxy(Number(registry.host.split(":")[1]));
  using _ = environment({ "http_proxy": proxy.url });
  assert.equal(await ping("registry.test", { plainHttp: true }), "ok");
  assert.match(proxy.asked[0] ?? "", /^GET http:\/\/registry\.test\/v2\//);
});

Deno.test("proxies: NO_PROXY and loopback are not proxied", async () => {
  await using registry = await TestRegistry.start();
  await using proxy = new ConnectProxy(1);
  using _ = environment({
    HTTP_PROXY: proxy.url,
    HTTPS_PROXY: proxy.url,
    NO_PROXY: "registry.test",
  });
  assert.equal(await ping(registry.host), "ok");
  assert.match(await ping("registry.test"), /^UNKNOWN_HOST: .*unknown host/);
  assert.deepEqual(proxy.asked, []);
  assert.equal(Deno.env.get("NO_PROXY"), "registry.test");
});

Deno.test("proxies: an unreachable proxy is reported without its password", async () => {
  using _ = environment({ HTTPS_PROXY: "http://ann:s3cret@127.0.0.1:1" });
  const said = await ping("registry.test");
  assert.match(said, /^UNREACHABLE: /);
  assert.doesNotMatch(said, /s3cret/);
});

Deno.test("the binary trusts the machine's authorities, and stores a login over TLS", async () => {
  await using registry = await TestRegistry.start({ tls: true, auth: "htpasswd" });
  const home = await Deno.makeTempDir({ prefix: "wasm-bpf-home-" });
  try {
    const args = ["login", "-u", "tester", "-p", "correct horse", registry.host];
    // The environment of the tests may set Deno's list to the machine's.
    const env = { HOME: home, SSL_CERT_FILE: registry.caFile, DENO_TLS_CA_STORE: "mozilla" };
    const { code, stderr, stdout } = await runCli(args, { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Logged in/);
    const without = await runCli(args, { env: { ...env, SSL_CERT_FILE: "" } });
    assert.match(without.stderr, /signed by an unknown authority/);
    const damaged = { ...env, SSL_CERT_FILE: "/no/such", DENO_TLS_CA_STORE: "system" };
    const unusable = await runCli(args, { env: damaged });
    assert.match(unusable.stderr, /^error: Cannot .+\nhint: .*SSL_CERT_FILE/m);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test({
  name: "the binary under sudo logs in as the caller, and keeps nothing in his folders",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using registry = await TestRegistry.start({ auth: "htpasswd" });
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-sudo-" });
    const [ann, root] = [`${folder}/ann`, `${folder}/root`];
    const config = `${ann}/.docker/config.json`;
    try {
      await Deno.mkdir(`${ann}/.docker`, { recursive: true });
      const passwd = `root:x:0:0::${root}:/bin/sh\nann:x:1000:1000::${ann}:/bin/sh\n`;
      await Deno.writeTextFile(`${folder}/passwd`, passwd);
      const auth = btoa("tester:correct horse");
      await Deno.writeTextFile(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
      await Deno.chown(config, 1000, 1000);
      // In a mount namespace with a user ann.
      const script = `mount --bind ${folder}/passwd /etc/passwd && exec "$@"`;
      const through = [...privateRoot(), script, "sh"];
      const env = {
        HOME: ann,
        SUDO_UID: "1000",
        SUDO_USER: "ann",
        XDG_DATA_HOME: `${folder}/data`,
      };
      const run = (...args: string[]) => runCli(args, { through, env });
      const missing = `${registry.host}/none`;
      assert.match((await run("pull", missing)).stderr, /404 Not Found/);
      const login = ["login", "-u", "reader", "-p", "battery staple", registry.host];
      assert.match((await run(...login)).stdout, new RegExp(`stored in ${root}/`));
      await run("logout", registry.host);
      await Deno.chown(config, 1001, 1001);
      assert.match((await run("pull", missing)).stderr, /belongs to user 1001[^]*401 Unauthorized/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

for (const kind of ["plain", "TLS", "htpasswd", "token"]) {
  Deno.test(`the binary pushes to, runs from and forgets a registry (${kind})`, async () => {
    await using tokens = await TokenServer.start();
    await using registry = await TestRegistry.start({
      tls: kind === "TLS",
      ...(kind === "htpasswd" ? { auth: "htpasswd" } : kind === "token" ? { auth: tokens } : {}),
    });
    await using place = await Place.create();
    const trust = kind === "TLS" ? ["--ca-file", registry.caFile] : [];
    const file = await place.write("hello.wasm", speaking("hello"));
    const reference = `${registry.host}/you/tool:v1`;
    if (kind === "htpasswd" || kind === "token") {
      const { code, stderr } = await place.run(["push", file, reference]);
      assert.equal(code, 1);
      assert.match(stderr, /401 Unauthorized[^]*hint: log in with wasm-bpf login 127/);
      await place.succeed(["login", "-u", "tester", "-p", "correct horse", registry.host]);
    }
    await place.succeed(["push", ...trust, file, reference]);
    for (const options of [trust, ["--pull", "never"], ["--pull", "always", ...trust]]) {
      const { stdout, stderr } = await place.run(["run", "-q", ...options, reference]);
      assert.deepEqual([stdout, stderr], ["hello\n", ""]);
    }
    await place.succeed(["rm", reference]);
    assert.equal((await place.run(["run", "--pull", "never", reference])).code, 1);
    await place.succeed(["logout", registry.host]);
    const again = await place.run(["pull", ...trust, reference]);
    assert.equal(again.code, kind === "plain" || kind === "TLS" ? 0 : 1);
  });
}
