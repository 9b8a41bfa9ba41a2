/**
 * Tools of the box on this machine, several at a time: one action triggers them all, and each shows
 * it as JSON with the right fields, named as the columns of its README.
 */
import assert from "node:assert/strict";
import { act, ACTOR, IN_OWN_NETWORK, NetworkNamespace } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { LoopDisk } from "../support/loop_disk.ts";
import { succeed } from "../support/succeed.ts";
import { withAttempts, withSwitches } from "../support/timely.ts";
import { readmeColumns } from "../support/tool_readme.ts";

type Row = Readonly<Record<string, unknown>>;

/** Tool with its options, and the row that it must show. */
interface Expected {
  readonly words: readonly string[];
  /** Fields with a value, or the lowest value. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly least?: Readonly<Record<string, number>>;
  readonly patterns?: Readonly<Record<string, RegExp>>;
}

/** Starts the tools, acts until each has shown its row, and ends them. */
async function shows(
  stir: () => Promise<unknown>,
  expected: readonly Expected[],
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const runs = expected.map(({ words, fields, least = {}, patterns = {} }) => {
    const run = stack.use(
      new CliProcess(["-o", "jsonl", "--timeout", "120s", "--interval", "500ms", ...words]),
    );
    const find = () =>
      run.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row).find((row) =>
        Object.entries(fields).every(([name, value]) => row[name] === value) &&
        Object.entries(least).every(([name, value]) => Number(row[name]) >= value) &&
        Object.entries(patterns).every(([name, pattern]) => pattern.test(`${row[name]}`))
      );
    return { run, find, words };
  });
  const missing = () =>
    runs.filter(({ find }) => find() === undefined).map(({ words }) => words[0]);
  try {
    await until("every tool has shown it", async () => {
      await stir();
      return missing().length === 0;
    });
  } catch {
    const [first] = runs.filter(({ find }) => find() === undefined);
    const { stdout = "", stderr = "" } = first?.run ?? {};
    throw new Error(`not shown by ${missing().join(", ")}\n${stdout.slice(-2000)}${stderr}`);
  }
  for (const { run, find, words } of runs) {
    run.kill("SIGINT");
    const { code, stderr } = await run.result();
    assert.deepEqual({ words, code, stderr }, { words, code: 0, stderr: "" });
    const row = find() as Row;
    if ("hist" in row) continue;
    const columns = readmeColumns(words[0] ?? "")?.filter((column) => column !== "TIME");
    const names = Object.keys(row).map((name) => name.toUpperCase());
    assert.deepEqual(names, columns, words.join(" "));
  }
}

const LOOPBACK = { family: 2, daddr: "127.0.0.1" };

Deno.test("network tools show connections, datagrams and queries of an own namespace", async () => {
  const [program = "", ...args] = [...IN_OWN_NETWORK, ACTOR];
  const actions = ["connection", "datagrams", "query", "refused", "retransmit"];
  await shows(() => succeed(program, ...args, ...actions), [
    {
      words: ["tcpconnect", "-4", "-P", "7776,7777"],
      fields: { comm: "actor", ...LOOPBACK, dport: 7777 },
    },
    {
      words: ["tcpaccept", "-6", "-4", "-P", "7777"],
      fields: { comm: "actor", family: 2, lport: 7777 },
    },
    {
      words: ["tcptop", "--limit", "1000"],
      fields: { comm: "actor", ...LOOPBACK, lport: 7777 },
      least: { rx_bytes: 5 },
    },
    {
      words: ["udptop", "--limit", "1000"],
      fields: { comm: "actor", family: 2 },
      least: { tx_bytes: 24 },
    },
    { words: ["solisten"], fields: { comm: "actor", ret: 0, proto: "TCP", port: 7777 } },
    {
      words: ["tcpretrans", "-4", "-D", "1,2,7779"],
      fields: { kind: "RETRANSMIT", ...LOOPBACK, dport: 7779, state: "SYN_SENT" },
    },
    {
      words: ["tcpdrop"],
      fields: { ...LOOPBACK, dport: 7778, flags: "SYN", reason: "NO_SOCKET" },
      patterns: { location: /^tcp_v4_rcv\+0x/ },
    },
    {
      words: ["dnssnoop", "-x"],
      fields: {
        ...{ comm: "actor", kind: "RESPONSE", server: "127.0.0.1", id: "0x1234", type: "A" },
        ...{ rcode: "NXDOMAIN", name: "example.org" },
      },
      least: { lat_ns: 1 },
    },
  ]);
});

Deno.test("tools for files and functions show what a program calls", async () => {
  using folder = new TestFolder();
  const path = folder.at("0123456789.file");
  await Deno.writeTextFile(path, "x".repeat(100_000));
  const stir = async () => {
    await succeed("stat", path);
    await succeed("dd", `if=${path}`, "of=/dev/null", "bs=4k");
    await succeed(ACTOR, "lookup", "line", "tls");
  };
  await shows(stir, [
    { words: ["statsnoop", "-n", "stat"], fields: { comm: "stat", ret: 0, path } },
    {
      words: ["filetop", "--limit", "1000"],
      fields: { comm: "dd", writes: 0, file: "0123456789.file" },
      least: { read_bytes: 100_000 },
    },
    { words: ["cachestat"], fields: {}, least: { hits: 20 } },
    {
      words: ["pagefaults", "--limit", "1000"],
      fields: { comm: "dd" },
      least: { faults: 10, writes: 1 },
    },
    { words: ["gethostlatency"], fields: { comm: "actor", host: "localhost" } },
    { words: ["bashreadline", "-s", ACTOR], fields: { comm: "actor", line: "echo typed" } },
    {
      words: ["sslsniff", "-o", ACTOR],
      fields: { comm: "actor", function: "WRITE", len: 14, data: "GET / HTTP/1.1" },
    },
    {
      words: ["sslsniff", "-n", "actor", "-o", ACTOR],
      fields: { comm: "actor", function: "READ", len: 9, data: "more text" },
    },
  ]);
});

Deno.test("tools for processors show threads, interrupts and locks", async () => {
  const stir = () => succeed(Deno.execPath(), "eval", "await Promise.resolve()");
  await shows(stir, [
    { words: ["runqlen"], fields: { unit: "runqlen" } },
    { words: ["runqlen", "-C"], fields: { cpu: 0 } },
    { words: ["runqslower", "-P", "-m", "1"], fields: { comm: "deno" } },
    { words: ["cpudist", "-m"], fields: { unit: "msecs" } },
    { words: ["cpudist", "-O", "-P"], fields: { comm: "deno", unit: "usecs" } },
    { words: ["softirqs"], fields: { softirq: "TIMER" }, least: { count: 1, total_ns: 1 } },
    { words: ["softirqs", "-d"], fields: { softirq: "TIMER", unit: "usecs" } },
    { words: ["futexctn"], fields: {}, least: { count: 1, average_ns: 1 } },
  ]);
});

Deno.test("tools for disks show requests to a loop device", async (test) => {
  await using disk = await LoopDisk.create();
  const name = disk?.path.split("/").at(-1) ?? "";
  await test.step({
    name: "on a machine that has loop devices",
    ignore: disk === undefined,
    fn: () =>
      shows(async () => await disk?.write(), [
        {
          words: ["biosnoop", "-d", name],
          fields: { comm: "dd", disk: name, op: "WRITE" },
          least: { bytes: 4096, lat_ns: 1 },
        },
        { words: ["biolatency", "-D", "-F"], fields: { disk: name, op: "WRITE", unit: "usecs" } },
        { words: ["bitesize", "-n", "dd", "-d", name], fields: { comm: "dd", unit: "Kbytes" } },
        { words: ["biopattern"], fields: { disk: name }, least: { count: 1, bytes: 4096 } },
        {
          words: ["biotop", "--limit", "1000"],
          fields: { comm: "dd", op: "WRITE", disk: name },
          least: { count: 1, average_ns: 1 },
        },
      ]),
  });
});

Deno.test("llcstat decodes samples, and refuses a machine without counters", async () => {
  const clock = "software:cpu-clock@99";
  const words = [`--attach=on_reference=${clock}`, `--attach=on_miss=${clock}`];
  const stir = () => succeed(Deno.execPath(), "eval", "for (let i = 0; i < 1e8; i++);");
  await shows(stir, [
    {
      words: ["llcstat", "--limit", "1000", ...words],
      fields: { comm: "deno" },
      least: { references: 1, misses: 1 },
    },
  ]);
  const refused = await runCli([
    ...["--interval", "100ms", "--count", "1", "--timeout", "120s", "llcstat"],
  ]);
  if (refused.code !== 0) {
    assert.match(refused.stderr, /on_reference.*ENOENT.*\n.*on_miss.*ENOENT/);
  }
});

Deno.test("xdpstat counts packets of an interface by protocol", async () => {
  await using namespace = await NetworkNamespace.create();
  const through = ["nsenter", "-t", `${namespace.pid}`, "-n", "--"];
  const words = ["xdpstat", "--iface", "lo", "--interval", "300ms", "--output", "jsonl"];
  await using run = new CliProcess(["--timeout", "120s", ...words], { through });
  await until("a datagram is counted", async () => {
    await act(["query"], { netns: namespace.pid });
    return /"network":"IPV4","protocol":"UDP","packets":[1-9]/.test(run.stdout);
  });
});

/** Runs a tool until the program has ended, and returns its rows. */
async function traced(words: readonly string[], action: string): Promise<Row[]> {
  const args = ["-o", "jsonl", "--timeout", "120s", ...words, "-n", "actor", "--", ACTOR, action];
  const { code, stdout, stderr } = await runCli(args);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
}

const stacksOf = (rows: readonly Row[]) =>
  rows.map((row) => `${row["user_stack_id"]};${row["kernel_stack_id"]}`).join();

Deno.test("profile shows functions of the program that it traces", async () => {
  await until("a sample is in one of them", async () => {
    return /spin|wasm_bpf_test_function/.test(stacksOf(await traced(["profile"], "spin")));
  });
});

Deno.test("offcputime shows where a program sleeps", () =>
  withSwitches(async () => {
    assert.match(stacksOf(await traced(["offcputime"], "nap")), /nanosleep/);
  }));

Deno.test("memleak shows what a program does not free", () =>
  // Its functions have no names if its files were not looked at within 300 ms.
  withAttempts(async () => {
    const leaks = await traced(["memleak"], "leak");
    assert.match(stacksOf(leaks.filter(({ bytes }) => Number(bytes) % 12345 === 0)), /leak/);
    assert.ok(leaks.every(({ bytes }) => Number(bytes) < 54321), JSON.stringify(leaks));
  }));

Deno.test("wakeuptime shows how long a program was blocked", () =>
  withSwitches(async () => {
    const rows = await traced(["wakeuptime"], "nap");
    assert.ok(
      rows.some((row) => row["blocked"] === "actor" && Number(row["total_ns"]) >= 50_000_000),
      JSON.stringify(rows),
    );
  }));

Deno.test("sslsniff shows what OpenSSL sends and receives", async () => {
  await using namespace = await NetworkNamespace.create();
  using folder = new TestFolder();
  const [key, certificate] = [folder.at("key.pem"), folder.at("certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-keyout", key, "-out", certificate];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await succeed("openssl", "req", "-x509", ...curve, ...subject);
  const inside = ["-t", `${namespace.pid}`, "-n", "--", "openssl"];
  const pair = ["-key", key, "-cert", certificate];
  const server = new Deno.Command("nsenter", {
    args: [...inside, "s_server", "-quiet", "-www", "-accept", "4433", ...pair],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const request = "GET / HTTP/1.0\r\n\r\n";
    // The server closes the connection after its page; it may not listen yet.
    const client = `printf '${request}' |
      nsenter ${inside.join(" ")} s_client -quiet -connect 127.0.0.1:4433`;
    const stir = () =>
      new Deno.Command("sh", { args: ["-c", client], stdout: "null", stderr: "null" }).output();
    await shows(stir, [
      {
        words: ["sslsniff"],
        fields: { comm: "openssl", function: "WRITE", len: request.length, data: request },
      },
      {
        words: ["sslsniff", "-n", "openssl"],
        fields: { comm: "openssl", function: "READ" },
        patterns: { data: /^HTTP\/1\.0 200 ok\r\n/ },
      },
    ]);
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
});

Deno.test("a tool leaves the process of wasm-bpf out", async () => {
  const words = ["-o", "jsonl", "--interval", "200ms", "--timeout", "120s", "--limit", "10000"];
  await using run = new CliProcess([...words, "pagefaults"]);
  const rows = () => run.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Row);
  await until("tables of other processes are there", async () => {
    await new Deno.Command("true").output();
    return rows().filter(({ comm }) => comm === "true").length >= 5;
  });
  assert.deepEqual(rows().filter(({ pid }) => pid === run.pid), []);
});
