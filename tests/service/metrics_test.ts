/** `--metrics`: what is served, to which requests, and that a run never depends on it. */
import assert from "node:assert/strict";
import { BOOTSTRAP, CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { parseExposition, valueOf } from "../support/exposition.ts";
import { TestFolder } from "../support/folder.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";

/** Emits two records, then sleeps for a minute. */
const GUEST = recordGuest({
  source: "events",
  schema: "u32 lat_ms @ms @metric(counter); char comm[8] @label",
  sizeBytes: 24,
  data: {
    100: "\\01\\00\\00\\00a\\22\\5c\\0a\\00\\00\\00\\00\\f4\\01\\00\\00sh\\00\\00\\00\\00\\00\\00",
  },
});

async function guestIn(folder: TestFolder): Promise<string> {
  return await assembleTo(`${folder.path}/guest.wasm`, GUEST);
}

/** Returns the address that a run prints. */
async function addressOf(run: CliProcess): Promise<URL> {
  const printed = () => /^metrics: (\S+)$/m.exec(run.stderr)?.[1];
  await until("the address is printed", () => printed() !== undefined);
  return new URL(printed() ?? "");
}

interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** Sends a request as it is written, since fetch() sets Host itself. */
async function send(url: URL, lines: readonly string[], method = "GET"): Promise<Answer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(url.port) });
  const text = [`${method} ${url.pathname} HTTP/1.1`, ...lines, "Connection: close", "", ""];
  await connection.write(new TextEncoder().encode(text.join("\r\n")));
  const whole = await new Response(connection.readable).text();
  const [headers = "", ...body] = whole.split("\r\n\r\n");
  return { status: Number(headers.split(" ")[1]), headers, body: body.join("\r\n\r\n") };
}

Deno.test("--metrics serves records and the run, and ends with it", async () => {
  using folder = new TestFolder();
  await using run = new CliProcess(["--metrics", "0", "-o", "jsonl", await guestIn(folder)]);
  const url = await addressOf(run);
  let families: ReturnType<typeof parseExposition> = new Map();
  await until("both records are counted", async () => {
    families = parseExposition(await (await fetch(url)).text());
    return valueOf(families, "wasm_bpf_records_total", { source: "events" }) === 2;
  });
  const name = "wasm_bpf_record_events_lat_seconds_total";
  assert.equal(valueOf(families, name, { comm: "sh" }), 0.5);
  assert.equal(valueOf(families, name, { comm: 'a"\\\\x0a' }), 0.001);
  await until("the figures of the run are there", async () => {
    families = parseExposition(await (await fetch(url)).text());
    return valueOf(families, "wasm_bpf_module_memory_bytes") === 65_536;
  });
  const open = await fetch(url, { headers: { accept: "application/openmetrics-text" } });
  parseExposition(await open.text(), { isOpen: true });
  run.kill("SIGINT");
  const { code, stdout } = await run.result();
  assert.equal(code, 0);
  assert.equal(stdout.trim().split("\n").length, 2);
  await assert.rejects(fetch(url));
});

Deno.test("a guest that prints by itself has the metrics of its programs", async () => {
  await using run = new CliProcess(["--metrics", "127.0.0.1:0", BOOTSTRAP]);
  const url = await addressOf(run);
  await run.waitFor(/TIME/);
  let shown = "";
  const isCounted = async () => {
    await new Deno.Command("true").output();
    const families = parseExposition(shown = await (await fetch(url)).text());
    const runs = valueOf(families, "wasm_bpf_program_runs_total", { program: "handle_exec" });
    return (runs ?? 0) > 0 && (valueOf(families, "wasm_bpf_events_delivered_total") ?? 0) > 0;
  };
  await until("a program has run", isCounted).catch((cause) => {
    throw new Error(`${shown}${run.stdout}${run.stderr}`, { cause });
  });
});

Deno.test("requests for other names, paths and methods are refused", async () => {
  using folder = new TestFolder();
  await using run = new CliProcess(["--metrics", "0", await guestIn(folder)]);
  const url = await addressOf(run);
  for (const host of [url.host, `localhost:${url.port}`, `127.0.0.2:${url.port}`]) {
    assert.equal((await send(url, [`Host: ${host}`])).status, 200, host);
  }
  const hosts = [
    "evil.example",
    `evil.example:${url.port}`,
    "localhost",
    "127.0.0.1:1",
    "127.0.0.1.evil.example",
  ];
  for (const host of hosts) {
    const { status, body } = await send(url, [`Host: ${host}`]);
    assert.equal(status, 421, host);
    assert.doesNotMatch(body, /wasm_bpf/);
  }
  assert.equal((await send(new URL("/", url), [`Host: ${url.host}`])).status, 404);
  assert.equal((await send(url, [`Host: ${url.host}`], "POST")).status, 405);
  const { headers } = await send(url, [`Host: ${url.host}`]);
  assert.match(headers, /x-content-type-options: nosniff/i);
});

Deno.test("connections without a request end neither the metrics nor the run", async () => {
  using folder = new TestFolder();
  await using run = new CliProcess(["--metrics", "0", await guestIn(folder)], {
    through: ["prlimit", "--nofile=150:150"],
  });
  const url = await addressOf(run);
  const idle: Deno.Conn[] = [];
  try {
    for (let i = 0; i < 300; i++) {
      idle.push(await Deno.connect({ hostname: "127.0.0.1", port: Number(url.port) }));
    }
    await until("metrics are served", async () => {
      try {
        return (await send(url, [`Host: ${url.host}`])).status === 200;
      } catch {
        // It was one of those that were ended for others.
        return false;
      }
    });
  } finally {
    for (const connection of idle) connection.close();
  }
  run.kill("SIGINT");
  const { code, stderr } = await run.result();
  assert.equal(code, 0);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
});

Deno.test("--metrics-token serves nothing without the token", async () => {
  using folder = new TestFolder();
  const token = "0123456789abcdef0123456789abcdef";
  await Deno.writeTextFile(`${folder.path}/token`, `${token}\n`);
  await using run = new CliProcess([
    ...["--metrics", "0.0.0.0:0", "--metrics-token", `${folder.path}/token`],
    await guestIn(folder),
  ]);
  const url = new URL((await addressOf(run)).href.replace("0.0.0.0", "127.0.0.1"));
  const status = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(url, { headers });
    return [response.status, (await response.text()).includes("wasm_bpf")];
  };
  const wrong = [
    undefined,
    "",
    "Bearer",
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
  ];
  for (const one of wrong) assert.deepEqual(await status(one), [401, false], one);
  assert.deepEqual(await status(`Bearer ${token}`), [200, true]);
});

Deno.test("wrong options, open addresses and files that are not there are errors", async () => {
  using folder = new TestFolder();
  const guest = await guestIn(folder);
  await Deno.writeTextFile(`${folder.path}/short`, "short\n");
  const fails = async (code: number, pattern: RegExp, ...options: string[]) => {
    const result = await runCli([...options, guest]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, pattern);
    assert.equal(result.stdout, "");
  };
  await fails(2, /pass --metrics-token FILE/, "--metrics", "0.0.0.0:9435");
  await fails(2, /not \[HOST:\]PORT/, "--metrics", "example.com:1");
  await fails(2, /without --metrics-key/, "--metrics", "0", "--metrics-cert", "/x");
  await fails(2, /without --metrics/, "--metrics-token", "/x");
  await fails(2, /--max-series "x"/, "--metrics", "0", "--max-series", "x");
  await fails(1, /short/, "--metrics", "0", "--metrics-token", `${folder.path}/short`);
  await fails(1, /No such file/, "--metrics", "0", "--metrics-token", `${folder.path}/none`);
  await fails(1, /not a regular file/, "--metrics", "0", "--metrics-token", "/dev/zero");
  await fails(1, /is a directory/, "--metrics", "0", "--metrics-token", folder.path);
  await fails(1, /not FIELD=KIND/, "--metrics", "0", "--metric", "a=b");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (taken.addr as Deno.NetAddr).port;
  await fails(1, /choose another port/, "--metrics", `${port}`);
});

Deno.test("a run goes on when the process of its metrics is gone", async () => {
  await using run = new CliProcess(["--metrics", "0", BOOTSTRAP]);
  await addressOf(run);
  await run.waitFor(/TIME/);
  const children = (await Deno.readTextFile(`/proc/${run.pid}/task/${run.pid}/children`)).trim();
  assert.match(children, /^[1-9]/);
  for (const pid of children.split(" ")) Deno.kill(Number(pid), "SIGKILL");
  await until("the run notices", async () => {
    await new Deno.Command("true").output();
    return run.stderr.includes("warning: metrics");
  });
  const before = run.stdout.length;
  await until("it still prints", async () => {
    await new Deno.Command("true").output();
    return run.stdout.length > before;
  });
  run.kill("SIGINT");
  assert.equal((await run.result()).code, 0);
});
