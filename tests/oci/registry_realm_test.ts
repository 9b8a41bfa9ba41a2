/** Registries with a token server on another host. */
import assert from "node:assert/strict";
import { Place } from "../support/place.ts";

const PASSWORD = "correct horse";
const AUTH = { auth: btoa(`you:${PASSWORD}`) };

/** Registry that requires a token, and token server; both record the requests. */
class Servers implements AsyncDisposable {
  readonly seen: { server: "registry" | "tokens"; authorization: string; body: string }[] = [];
  /** Host in the realm, instead of the token server's. */
  realmHost = "localhost";
  redirect: string | undefined;
  readonly #registry = this.#serve(
    "registry",
    (request) =>
      request.headers.get("authorization") === "Bearer t"
        ? Response.json({ errors: [{ code: "MANIFEST_UNKNOWN" }] }, { status: 404 })
        : new Response(null, {
          status: 401,
          headers: {
            "www-authenticate":
              `Bearer realm="http://${this.realmHost}:${this.#tokens.addr.port}/"`,
          },
        }),
  );
  readonly #tokens = this.#serve(
    "tokens",
    () =>
      this.redirect === undefined
        ? Response.json({ token: "t" })
        : Response.redirect(this.redirect),
  );

  #serve(server: "registry" | "tokens", answer: (request: Request) => Response) {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    return Deno.serve(options, async (request) => {
      const authorization = request.headers.get("authorization") ?? "";
      this.seen.push({ server, authorization, body: await request.text() });
      return answer(request);
    });
  }

  get host(): string {
    return `127.0.0.1:${this.#registry.addr.port}`;
  }

  get tokens(): string {
    return `${this.realmHost}:${this.#tokens.addr.port}`;
  }

  /** Reports whether the password or the identity token was sent to the token server. */
  get hasSecret(): boolean {
    return this.seen.some(({ server, authorization, body }) =>
      server === "tokens" && (authorization !== "" || /refresh_token|password/.test(body))
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry.shutdown();
    await this.#tokens.shutdown();
  }
}

for (const [kind, entry] of [["password", AUTH], ["identity token", { identitytoken: "r" }]]) {
  Deno.test(`pull sends no ${kind} to a token server on another host until it is trusted`, async () => {
    await using servers = new Servers();
    await using place = await Place.create();
    const reference = `${servers.host}/you/tool:v1`;
    await place.write("auth.json", JSON.stringify({ auths: { [servers.host]: entry } }));
    for (const command of ["pull", "run"]) {
      const { code, stderr } = await place.run([command, reference]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /its token server http:\/\/localhost:\d+\/ is on another host/);
      assert.match(stderr, new RegExp(`^hint: pass --trust-realm ${servers.tokens} only if`, "m"));
      assert.equal(servers.hasSecret, false);
    }
    for (const realm of ["other.example", "localhost:1"]) {
      await place.run(["pull", "--trust-realm", realm, reference]);
      assert.equal(servers.hasSecret, false, realm);
    }
    for (const command of ["pull", "run"]) {
      for (const realm of ["localhost", servers.tokens]) {
        servers.seen.length = 0;
        const { stderr } = await place.run([command, "--trust-realm", realm, reference]);
        assert.match(stderr, /404 Not Found/);
        assert.equal(servers.hasSecret, true, realm);
      }
    }
  });
}

Deno.test("pull without credentials uses any token server", async () => {
  await using servers = new Servers();
  await using place = await Place.create();
  const { stderr } = await place.run(["pull", `${servers.host}/you/tool:v1`]);
  assert.match(stderr, /404 Not Found/);
  assert.equal(servers.hasSecret, false);
});

Deno.test("pull sends the password to a token server on the registry's own host", async () => {
  await using servers = new Servers();
  await using place = await Place.create();
  servers.realmHost = "127.0.0.1";
  await place.write("auth.json", JSON.stringify({ auths: { [servers.host]: AUTH } }));
  const { stderr } = await place.run(["pull", `${servers.host}/you/tool:v1`]);
  assert.match(stderr, /404 Not Found/);
  assert.equal(servers.hasSecret, true);
});

Deno.test("login sends no password to a token server on another host", async () => {
  await using servers = new Servers();
  await using place = await Place.create();
  const words = ["login", "-u", "you", "-p", PASSWORD, servers.host];
  const { code, stderr } = await place.run(words);
  assert.equal(code, 1);
  assert.match(stderr, /^hint: pass --trust-realm localhost:\d+ only if/m);
  assert.equal(servers.hasSecret, false);
});

Deno.test("a token server's redirect sends no password to another host", async () => {
  await using servers = new Servers();
  await using place = await Place.create();
  const sent: string[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    sent.push(request.headers.get("authorization") ?? "");
    return Response.json({ token: "t" });
  });
  servers.realmHost = "127.0.0.1";
  servers.redirect = `http://localhost:${other.addr.port}/`;
  await place.write("auth.json", JSON.stringify({ auths: { [servers.host]: AUTH } }));
  await place.run(["pull", `${servers.host}/you/tool:v1`]);
  assert.deepEqual(sent, [""]);
});
