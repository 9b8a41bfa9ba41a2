/** Tests the registry and the token server of other tests, with plain fetch. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TestRegistry } from "../support/registry.ts";
import { TokenServer, USERS } from "../support/token_server.ts";
import { until } from "../support/condition.ts";

const CONTENT = new TextEncoder().encode("content of a blob\n");
const DIGEST = `sha256:${createHash("sha256").update(CONTENT).digest("hex")}`;

function basic(user: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`${user}:${USERS[user]}`)}` };
}

/** Returns the status of a response, without its body. */
async function status(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

/** Uploads {@linkcode CONTENT} and returns the statuses of both steps. */
async function upload(
  registry: TestRegistry,
  options: { repository: string; headers?: Record<string, string> },
): Promise<number[]> {
  const { repository, headers = {} } = options;
  const start = await registry.fetch(`/v2/${repository}/blobs/uploads/`, {
    method: "POST",
    headers,
  });
  await start.body?.cancel();
  if (start.status !== 202) return [start.status];
  const location = new URL(start.headers.get("location") ?? "", registry.url);
  location.searchParams.set("digest", DIGEST);
  const put = await status(registry.fetch(location.href, {
    method: "PUT",
    headers: { ...headers, "content-type": "application/octet-stream" },
    body: CONTENT,
  }));
  return [start.status, put];
}

async function tokenFor(
  tokens: TokenServer,
  asked: { user?: string; scope: string; more?: string },
): Promise<Record<string, string>> {
  const address = `${tokens.realm}?service=registry.test&scope=${asked.scope}${asked.more ?? ""}`;
  const headers = asked.user === undefined ? {} : basic(asked.user);
  const response = await fetch(address, { headers });
  assert.equal(response.status, 200);
  return await response.json();
}

const bearer = (token: string | undefined) => ({ authorization: `Bearer ${token}` });

Deno.test("TestRegistry stores, serves and deletes content", async () => {
  let url: string;
  let folder: string;
  {
    await using registry = await TestRegistry.start({ relativeUrls: true });
    [url, folder] = [registry.url, registry.storage];
    assert.deepEqual(await upload(registry, { repository: "a/b" }), [202, 201]);
    const blob = await registry.fetch(`/v2/a/b/blobs/${DIGEST}`);
    assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), CONTENT);
    const path = `/v2/a/b/blobs/${DIGEST}`;
    assert.equal(await status(registry.fetch(path, { method: "DELETE" })), 202);
    assert.equal(await status(registry.fetch(path)), 404);
    assert.match(await registry.log(), /DELETE/);
  }
  await assert.rejects(fetch(`${url}/v2/`));
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("TestRegistry has a certificate of its own authority", async () => {
  await using registry = await TestRegistry.start({ tls: true });
  assert.equal(await status(registry.fetch("/v2/")), 200);
  await assert.rejects(fetch(`${registry.url}/v2/`));
});

Deno.test("TestRegistry accepts the users of its htpasswd", async () => {
  await using registry = await TestRegistry.start({ auth: "htpasswd" });
  const anonymous = await registry.fetch("/v2/");
  await anonymous.body?.cancel();
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get("www-authenticate") ?? "", /^Basic realm=/);
  for (const user of Object.keys(USERS)) {
    assert.equal(await status(registry.fetch("/v2/", { headers: basic(user) })), 200);
  }
  const wrong = { authorization: `Basic ${btoa("tester:wrong")}` };
  assert.equal(await status(registry.fetch("/v2/", { headers: wrong })), 401);
});

Deno.test("TokenServer issues tokens for their scopes only", async () => {
  await using tokens = await TokenServer.start();
  await using registry = await TestRegistry.start({ auth: tokens });
  const challenge = await registry.fetch("/v2/");
  await challenge.body?.cancel();
  assert.equal(challenge.status, 401);
  const header = challenge.headers.get("www-authenticate") ?? "";
  assert.match(header, /^Bearer realm="http:.*",service="registry.test"/);

  const full = await tokenFor(tokens, { user: "tester", scope: "repository:a/b:pull,push" });
  const headers = bearer(full.token);
  assert.deepEqual(await upload(registry, { repository: "a/b", headers }), [202, 201]);
  assert.deepEqual(await upload(registry, { repository: "a/c", headers }), [401]);

  const reading = await tokenFor(tokens, { user: "reader", scope: "repository:a/b:pull,push" });
  assert.equal(reading.scope, "repository:a/b:pull");
  const path = `/v2/a/b/blobs/${DIGEST}`;
  assert.equal(await status(registry.fetch(path, { headers: bearer(reading.token) })), 200);
  const refused = await upload(registry, { repository: "a/b", headers: bearer(reading.token) });
  assert.deepEqual(refused, [401]);

  const anonymous = await tokenFor(tokens, { scope: "repository:a/b:pull" });
  assert.equal(await status(registry.fetch(path, { headers: bearer(anonymous.token) })), 401);
  assert.deepEqual(tokens.requests.map(({ user }) => user), ["tester", "reader", undefined]);
});

Deno.test("TokenServer issues tokens that expire", async () => {
  await using tokens = await TokenServer.start({ lifetimeSeconds: 1 });
  await using registry = await TestRegistry.start({ auth: tokens });
  const path = "/v2/a/b/tags/list";
  let token = "";
  const statusNow = () => status(registry.fetch(path, { headers: bearer(token) }));
  // On a busy machine the second can be over by then.
  await until("a new token is accepted", async () => {
    ({ token = "" } = await tokenFor(tokens, { user: "tester", scope: "repository:a/b:pull" }));
    return await statusNow() === 404;
  });
  await until("the token has ended", async () => await statusNow() === 401);
});

Deno.test("TokenServer refreshes until it revokes", async () => {
  await using tokens = await TokenServer.start();
  const scope = "repository:a/b:pull";
  const more = "&offline_token=true";
  const { refresh_token: refresh = "" } = await tokenFor(tokens, { user: "tester", scope, more });
  const fields = { service: "registry.test", "client_id": "test", scope, "refresh_token": refresh };
  const ask = () =>
    status(fetch(tokens.realm, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", ...fields }),
    }));
  assert.equal(await ask(), 200);
  tokens.revokeRefreshTokens();
  assert.equal(await ask(), 401);
  const wrong = await fetch(tokens.realm, { headers: { authorization: `Basic ${btoa("x:y")}` } });
  await wrong.body?.cancel();
  assert.equal(wrong.status, 401);
  assert.deepEqual(tokens.requests.map(({ method, status }) => [method, status]), [
    ["GET", 200],
    ["POST", 200],
    ["POST", 401],
    ["GET", 401],
  ]);
});
