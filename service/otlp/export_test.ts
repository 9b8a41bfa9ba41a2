import assert from "node:assert/strict";
import { Registry } from "../metrics/registry.ts";
import { until } from "../../tests/support/condition.ts";
import { OtlpExporter } from "./export.ts";

/** Collector that responds to logs when its gate opens. */
async function withCollector(
  status: number,
  test: (parts: { exporter: OtlpExporter; release(): void; got(): number }) => Promise<void>,
  warnings: string[],
  lost: string[],
): Promise<void> {
  const gate = Promise.withResolvers<void>();
  let got = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.bytes();
      if (request.url.endsWith("/v1/logs")) {
        got += new TextDecoder("latin1").decode(body).split("wasm_bpf.source").length - 1;
        await gate.promise;
      }
      return new Response(new Uint8Array(), { status });
    },
  );
  Deno.env.set("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${server.addr.port}`);
  Deno.env.set("OTEL_BLRP_SCHEDULE_DELAY", "10");
  try {
    const exporter = new OtlpExporter({
      registry: new Registry(10),
      identity: { name: "x", version: "1", startedMs: Date.now(), restarts: 0 },
      settings: { metrics: true, logs: true },
      refresh: () => {},
      onFailure: (text) => warnings.push(text),
      onLost: (source) => lost.push(source),
    });
    await test({ exporter, release: gate.resolve, got: () => got });
  } finally {
    Deno.env.delete("OTEL_EXPORTER_OTLP_ENDPOINT");
    Deno.env.delete("OTEL_BLRP_SCHEDULE_DELAY");
    gate.resolve();
    await server.shutdown();
  }
}

// The exporter keeps its connection for later.
const options = { sanitizeResources: false };

Deno.test(
  "the end waits for records that are under way, and sends those that wait",
  options,
  async () => {
    const warnings: string[] = [];
    await withCollector(
      200,
      async ({ exporter, release, got }) => {
        for (let i = 0; i < 600; i++) exporter.log("events", `{"n":${i}}`);
        await until("records are under way", () => got() > 0);
        for (let i = 0; i < 600; i++) exporter.log("events", `{"n":${i}}`);
        const finished = exporter.finish(60_000);
        release();
        await finished;
        assert.equal(got(), 1200);
      },
      warnings,
      [],
    );
    assert.deepEqual(warnings, []);
  },
);

Deno.test("records that a collector refuses are reported as lost", options, async () => {
  const [warnings, lost]: [string[], string[]] = [[], []];
  await withCollector(
    400,
    async ({ exporter, release }) => {
      release();
      exporter.log("events", '{"wasm_bpf":{"source":"other"}}');
      for (let i = 0; i < 2; i++) exporter.log("events", `{"n":${i}}`);
      await until("they are lost", () => lost.length > 0);
      await exporter.finish(60_000);
    },
    warnings,
    lost,
  );
  assert.deepEqual(lost, ["events", "events", "events"]);
  assert.ok(warnings.some((text) => text.startsWith("Cannot send logs by OTLP: ")));
});

Deno.test("the end reports that a collector refuses what is left", options, async () => {
  const warnings: string[] = [];
  await withCollector(
    400,
    async ({ exporter, release }) => {
      for (let i = 0; i < 2000; i++) exporter.log("events", `{"n":${i}}`);
      release();
      await exporter.finish(60_000);
    },
    warnings,
    [],
  );
  assert.ok(warnings.some((text) => / records by OTLP: the collector refuses them$/.test(text)));
});
