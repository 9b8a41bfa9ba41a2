/** `--web`: the page, its policy, and the feed, which only requests with the link's token get. */
import assert from "node:assert/strict";
import { loopbackCertificate, selfSigned } from "../support/certificates.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";
import { policyOf } from "../../service/web/endpoint.ts";

/** Emits two records with markup and a number above 2^53, then sleeps for a minute. */
const GUEST = recordGuest({
  source: "events",
  schema: "u64 n; char text[16]",
  sizeBytes: 48,
  data: {
    104: "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff</script>\\00",
    128: "\\02\\00\\00\\00\\00\\00\\00\\00\\1b[0m\\22\\00",
  },
});

async function start(folder: TestFolder): Promise<{ run: CliProcess; url: URL; token: string }> {
  const guest = await assembleTo(`${folder.path}/guest.wasm`, GUEST);
  const run = new CliProcess(["--web", guest]);
  const printed = () => /^page: (\S+)$/m.exec(run.stderr)?.[1];
  await until("the link is printed", () => printed() !== undefined);
  const url = new URL(printed() ?? "");
  return { run, url, token: url.hash.slice(1) };
}

/** Sends a request as it is written, since fetch() sets Host and Origin itself. */
async function statusOf(url: URL, path: string, lines: readonly string[]): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(url.port) });
  const text = [`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(text));
  const bytes = new Uint8Array(4096);
  const count = await connection.read(bytes);
  const answer = new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  if (!answer.startsWith("HTTP/1.1 200")) assert.doesNotMatch(answer, /"t":/);
  return Number(answer.split(" ")[1]);
}

Deno.test("--web serves a page that allows its own script and style alone", async () => {
  using folder = new TestFolder();
  const { run, url } = await start(folder);
  await using _run = run;
  const response = await fetch(new URL("/", url));
  const html = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(policy, policyOf(html));
  assert.doesNotMatch(html, /<(?:script|link|img|iframe)[^>]*\s(?:src|href)=/);
  assert.doesNotMatch(html, /\son\w+=|style="/);
  assert.equal(response.headers.get("x-frame-options"), "DENY");
  assert.equal(response.headers.get("cache-control"), "no-store");
});

Deno.test("the feed has the records with all digits, and needs the token, host and origin", async () => {
  using folder = new TestFolder();
  const { run, url, token } = await start(folder);
  await using _run = run;
  assert.ok(token.length >= 43);
  const authorization = `Authorization: Bearer ${token}`;
  const host = `Host: ${url.host}`;
  const own = `Origin: http://${url.host}`;
  assert.equal(await statusOf(url, "/feed", [host, own, authorization]), 200);
  assert.equal(await statusOf(url, "/feed", [`Host: localhost:${url.port}`, authorization]), 200);
  const wrong: [number, string[]][] = [
    [401, [host]],
    [401, [host, "Authorization: Bearer"]],
    [401, [host, `Authorization: Bearer ${token}A`]],
    [401, [host, `Authorization: Bearer ${token.slice(1)}`]],
    [401, [host, `Cookie: token=${token}`]],
    [403, [host, "Origin: http://evil.example", authorization]],
    [403, [host, "Origin: null", authorization]],
    [403, [host, `Origin: http://localhost:1`, authorization]],
    [403, [host, "Sec-Fetch-Site: cross-site", authorization]],
    [421, [`Host: evil.example:${url.port}`, authorization]],
    [421, ["Host: evil.example", authorization]],
    [404, [host, authorization, "X: 1"]],
  ];
  for (const [status, lines] of wrong) {
    const path = status === 404 ? "/other" : "/feed";
    assert.equal(await statusOf(url, path, lines), status, lines.join(", "));
  }
  assert.equal(await statusOf(url, `/feed?token=${token}`, [host]), 401);
  const feed = await fetch(new URL("/feed", url), {
    headers: { authorization: `Bearer ${token}` },
  });
  let text = "";
  for await (
    const part of (feed.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
  ) {
    text += part;
    if (text.includes('"t":"rows"') && text.endsWith("\n")) break;
  }
  assert.match(text, /"rows":\[\{"n":18446744073709551615,"text":"<\/script>"\},/);
  assert.match(text, /"text":"\\u001b\[0m\\""/);
  for (const line of text.trim().split("\n")) JSON.parse(line);
});

Deno.test("--web refuses addresses that other machines reach, without both files of TLS", async () => {
  for (
    const words of [
      ...["0.0.0.0:0", "[::]:0", "10.0.0.1:80", "example.com:80"].map((one) => [`--web=${one}`]),
      ...["cert", "key"].flatMap((one) => [
        ["--web=0.0.0.0:0", `--web-${one}=/x`],
        ["--web", `--web-${one}=/x`],
        ["--metrics=0", `--web-${one}=/x`],
        [`--web-${one}=/x`],
      ]),
      ["--web=example.com:80", "--web-cert=/x", "--web-key=/x"],
    ]
  ) {
    const { code, stderr } = await runCli([...words, "x.wasm"]);
    assert.equal(code, 2, `${words}: ${stderr}`);
  }
});

Deno.test("--web serves by TLS at all addresses, and needs the token, host and origin", async () => {
  using folder = new TestFolder();
  const guest = await assembleTo(`${folder.path}/guest.wasm`, GUEST);
  const authority = await selfSigned(folder.path, "authority");
  const made = await loopbackCertificate(folder.path, authority);
  const files = [`--web-cert=${made.certificateFile}`, `--web-key=${made.keyFile}`];
  await using run = new CliProcess(["--web=0.0.0.0:0", ...files, guest]);
  const printed = () => /^page: (\S+)$/m.exec(run.stderr)?.[1];
  await until("the link is printed", () => printed() !== undefined);
  const link = new URL(printed() ?? "");
  assert.deepEqual([link.protocol, link.hostname], ["https:", Deno.hostname().toLowerCase()]);
  const token = `Bearer ${link.hash.slice(1)}`;
  using client = Deno.createHttpClient({
    caCerts: [await Deno.readTextFile(authority.certificateFile)],
  });
  const base = `https://localhost:${link.port}`;
  const status = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(base + path, { client, headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("/", {}), 200);
  assert.equal(await status("/feed", { authorization: token }), 200);
  assert.equal(await status("/feed", { authorization: token, origin: base }), 200);
  assert.equal(await status("/feed", {}), 401);
  assert.equal(await status("/feed", { authorization: `${token}A` }), 401);
  const http = base.replace("https", "http");
  for (const origin of [http, "https://evil.example", "null"]) {
    assert.equal(await status("/feed", { authorization: token, origin }), 403, origin);
  }
  // The port of TLS has nothing in the clear.
  await assert.rejects(fetch(http));
});

Deno.test("--web by TLS reports files that do not fit", async () => {
  using folder = new TestFolder();
  const guest = await assembleTo(`${folder.path}/guest.wasm`, GUEST);
  await Deno.writeTextFile(folder.at("empty"), "");
  for (const file of ["empty", "absent"]) {
    const path = folder.at(file);
    const words = ["--web=0.0.0.0:0", `--web-cert=${path}`, `--web-key=${path}`, guest];
    const { code, stderr } = await runCli(words);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^error: Cannot (serve at|read)/);
  }
});
