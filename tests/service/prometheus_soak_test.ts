/**
 * Receivers of metrics, in the soak: Debian's Prometheus scrapes a run for a minute, and VictoriaMetrics
 * gets the same numbers by OTLP.
 */
import assert from "node:assert/strict";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { EndingProcesses } from "../support/made_up_load.ts";
import { fromFileUrl } from "../support/paths.ts";
import { SOAK } from "../support/soak.ts";
import { logReceiver, otlpReceiver } from "../../build/steps/go_programs.ts";
import { fetchPrometheus, PROMETHEUS, PROMTOOL } from "../../build/tasks/test_tools.ts";

/** Milliseconds of the load. */
const MS = Number(Deno.env.get("WASM_BPF_SOAK_SECONDS") ?? 60) * 1000;

/** Runs Prometheus until it is disposed. */
class Prometheus implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly url: string;

  private constructor(child: Deno.ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(folder: TestFolder, targets: readonly string[]): Promise<Prometheus> {
    const port = freePort();
    const config = {
      "global": { "scrape_interval": "1s", "scrape_timeout": "1s" },
      "scrape_configs": [{ "job_name": "wasm-bpf", "static_configs": [{ targets }] }],
    };
    await Deno.writeTextFile(folder.at("prometheus.json"), JSON.stringify(config));
    const child = new Deno.Command(fromFileUrl(`../../${PROMETHEUS}`), {
      args: [
        `--config.file=${folder.at("prometheus.json")}`,
        `--storage.tsdb.path=${folder.at("data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      cwd: folder.path,
      stdin: "null",
      stdout: "null",
    }).spawn();
    const url = `http://127.0.0.1:${port}`;
    await until("Prometheus is ready", async () => {
      const response = await fetch(`${url}/-/ready`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok === true;
    });
    return new Prometheus(child, url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** Returns the sum of the series that a query selects, by Prometheus' API. */
async function sumOf(url: string, query: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { status, data } = await response.json();
  assert.equal(status, "success");
  return data.result.reduce(
    (sum: number, { value }: { value: [number, string] }) => sum + Number(value[1]),
    0,
  );
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Returns the address of the metrics that a run prints. */
async function metricsOf(run: CliProcess): Promise<URL> {
  const printed = () => /^metrics: (\S+)$/m.exec(run.stderr)?.[1];
  await until("the address is printed", () => printed() !== undefined);
  return new URL(printed() ?? "");
}

/** Counts records that were printed. */
const printed = (run: CliProcess) => run.stdout.split("\n").length - 1;

async function promtool(text: string): Promise<string> {
  const child = new Deno.Command(fromFileUrl(`../../${PROMTOOL}`), {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

if (SOAK) {
  Deno.test("Prometheus counts as many records as the tool prints", async () => {
    await fetchPrometheus();
    using folder = new TestFolder();
    await using load = await EndingProcesses.create();
    await using run = new CliProcess([
      ...["--metrics", "0", "--metric", "comm", "-o", "jsonl", "--cgroup", load.path, "exitsnoop"],
    ]);
    const url = await metricsOf(run);
    await using prometheus = await Prometheus.start(folder, [url.host]);
    load.start(50);
    // time: the length of the form is that of the load
    await new Promise((resolve) => setTimeout(resolve, MS));
    await load.stop();
    const text = await (await fetch(url)).text();
    assert.equal(await promtool(text), "");
    const query = 'wasm_bpf_records_total{source="events"}';
    let [counted, lines] = [0, 0];
    await until("both have the same number", async () => {
      [counted, lines] = [await sumOf(prometheus.url, query), printed(run)];
      return counted === lines && lines > 0;
    }).catch((cause) => {
      throw new Error(`counted ${counted}, printed ${lines}`, { cause });
    });
    const series = 'sum({__name__=~"wasm_bpf_record_.*",comm!=""})';
    await until(
      "the series of the label have it as well",
      async () => await sumOf(prometheus.url, series) === printed(run),
    );
    assert.ok(lines > MS / 1000, `${lines} records`);
    run.kill("SIGINT");
    assert.equal((await run.result()).code, 0);
  });

  Deno.test("a receiver of OTLP gets the same numbers", async () => {
    const receiver = await otlpReceiver();
    using folder = new TestFolder();
    const port = freePort();
    const child = new Deno.Command(receiver, {
      args: [
        `-storageDataPath=${folder.at("data")}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        ...["-search.latencyOffset=1s", "-memory.allowedBytes=64MB", "-loggerLevel=ERROR"],
      ],
      stdin: "null",
      stdout: "null",
    }).spawn();
    try {
      await compareOtlp(`http://127.0.0.1:${port}`);
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
  });
}

if (SOAK) {
  Deno.test("a receiver of logs by OTLP gets every record", async () => {
    const receiver = await logReceiver();
    using folder = new TestFolder();
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = new Deno.Command(receiver, {
      args: [
        `-storageDataPath=${folder.at("data")}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        ...["-memory.allowedBytes=64MB", "-loggerLevel=ERROR"],
      ],
      stdin: "null",
      stdout: "null",
    }).spawn();
    try {
      await ready(url);
      await using load = await EndingProcesses.create();
      await using run = new CliProcess(
        ["--otlp=logs", "-o", "jsonl", "--cgroup", load.path, "exitsnoop"],
        {
          env: {
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${url}/insert/opentelemetry/v1/logs`,
            OTEL_BLRP_SCHEDULE_DELAY: "500",
          },
        },
      );
      load.start(50);
      await until("records are printed", () => printed(run) > 100);
      await load.stop();
      let bodies: string[] = [];
      await until("both have the same records", async () => {
        const query = new URLSearchParams({ query: "*" });
        const response = await fetch(`${url}/select/logsql/query`, { method: "POST", body: query });
        bodies = (await response.text()).split("\n").filter((line) => line !== "")
          .map((line) => JSON.parse(line)["_msg"]);
        return bodies.length === printed(run);
      }).catch((cause) => {
        throw new Error(`${bodies.length} received, ${printed(run)} printed`, { cause });
      });
      const lines = run.stdout.trimEnd().split("\n");
      assert.deepEqual(bodies.toSorted(), lines.toSorted());
      run.kill("SIGINT");
      assert.equal((await run.result()).code, 0);
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
  });
}

async function ready(url: string): Promise<void> {
  await until("the receiver is ready", async () => {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok === true;
  });
}

/** Compares the count that a receiver got with the records that were printed. */
async function compareOtlp(url: string): Promise<void> {
  await ready(url);
  await using load = await EndingProcesses.create();
  await using run = new CliProcess(
    ["--otlp=metrics", "-o", "jsonl", "--cgroup", load.path, "exitsnoop"],
    {
      env: {
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/opentelemetry/v1/metrics`,
        OTEL_METRIC_EXPORT_INTERVAL: "1000",
      },
    },
  );
  load.start(50);
  await until("records are printed", () => printed(run) > 100);
  await load.stop();
  let [counted, lines] = [0, 0];
  await until("both have the same number", async () => {
    const query = '{__name__=~"wasm_bpf_records(_total)?",source="events"}';
    [counted, lines] = [await sumOf(url, query), printed(run)];
    return counted === lines;
  }).catch((cause) => {
    throw new Error(`counted ${counted}, printed ${lines}: ${run.stderr}`, { cause });
  });
  run.kill("SIGINT");
  assert.equal((await run.result()).code, 0);
}
