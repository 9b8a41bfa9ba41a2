/** `--otlp`: a receiver gets the numbers and the records, as the official definitions lay them out. */
import assert from "node:assert/strict";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";

/** Emits two records. */
const GUEST = recordGuest({
  source: "events",
  schema: "u32 n @metric(counter); char comm[8] @label",
  sizeBytes: 24,
  data: { 100: "\\05\\00\\00\\00init\\00\\00\\00\\00\\07\\00\\00\\00sh\\00\\00\\00\\00\\00\\00" },
  sleeps: false,
});

type Part = number | bigint | Uint8Array;

/** Reads one protobuf message: the values of each field by its number. */
function fieldsOf(bytes: Uint8Array): Map<number, Part[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, Part[]>();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("cut off");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, wire] = [key >> 3, key & 7];
    let part: Part;
    if (wire === 0) part = varint();
    else if (wire === 1) [part, at] = [view.getFloat64(at, true), at + 8];
    else if (wire === 2) {
      const length = Number(varint());
      [part, at] = [bytes.subarray(at, at + length), at + length];
    } else throw new Error(`wire type ${wire}`);
    fields.set(number, [...fields.get(number) ?? [], part]);
  }
  return fields;
}

/** Returns the messages at the end of a path of field numbers. */
function under(bytes: Uint8Array, ...path: number[]): Uint8Array[] {
  let messages = [bytes];
  for (const number of path) {
    messages = messages.flatMap((one) => (fieldsOf(one).get(number) ?? []) as Uint8Array[]);
  }
  return messages;
}

const text = (bytes: Part | undefined) => new TextDecoder().decode(bytes as Uint8Array);

/** Requests that a receiver got, by path. */
async function receive(
  options: string[],
): Promise<{ requests: Map<string, Uint8Array[]>; stderr: string }> {
  using folder = new TestFolder();
  const guest = await assembleTo(`${folder.path}/guest.wasm`, GUEST);
  const requests = new Map<string, Uint8Array[]>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      assert.equal(request.headers.get("content-type"), "application/x-protobuf");
      const body = new Uint8Array(await request.arrayBuffer());
      requests.set(pathname, [...requests.get(pathname) ?? [], body]);
      return new Response(new Uint8Array());
    },
  );
  const { code, stderr } = await runCli([...options, guest], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}` },
  });
  assert.equal(code, 0, stderr);
  return { requests, stderr };
}

Deno.test("--otlp sends the numbers of a run, and each record as a log line", async () => {
  const { requests } = await receive(["--otlp", "-o", "jsonl"]);
  const metrics = (requests.get("/v1/metrics") ?? []).flatMap((body) => under(body, 1, 2, 2));
  const points = metrics.filter((one) => {
    return text(fieldsOf(one).get(1)?.[0]) === "wasm_bpf_record_events_n_total";
  }).flatMap((one) => under(one, 7, 1));
  assert.deepEqual(points.map((one) => fieldsOf(one).get(4)?.[0]).sort(), [5, 7]);
  const records = (requests.get("/v1/logs") ?? []).flatMap((body) => under(body, 1, 2, 2));
  const bodies = records.flatMap((one) => under(one, 5, 1)).map(text);
  assert.deepEqual(bodies, ['{"n":5,"comm":"init"}', '{"n":7,"comm":"sh"}']);
});

Deno.test("--otlp=logs sends no metrics", async () => {
  const { requests } = await receive(["--otlp=logs"]);
  assert.deepEqual([...requests.keys()], ["/v1/logs"]);
});

Deno.test("--otlp refuses an endpoint other than an http address", async () => {
  for (const endpoint of ["foo bar", "http://", "ftp://host", "127.0.0.1:4318", "http://[::1"]) {
    const { code, stderr } = await runCli(["--otlp", "exitsnoop"], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    });
    assert.equal(code, 2, endpoint);
    assert.match(stderr, /OTEL_EXPORTER_OTLP_ENDPOINT/);
  }
});

Deno.test("--otlp without an endpoint, or with another protocol, is a usage error", async () => {
  const none = await runCli(["--otlp", "x.wasm"], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "" } });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /OTEL_EXPORTER_OTLP_ENDPOINT/);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  };
  assert.equal((await runCli(["--otlp", "x.wasm"], { env })).code, 2);
  assert.equal((await runCli(["--otlp=traces", "x.wasm"], { env })).code, 2);
});
