import assert from "node:assert/strict";
import { Output, parseAggregate, parseFields, schemaFromText } from "./mod.ts";

const SCHEMA = schemaFromText("u32 pid; char comm[4]; u32 bytes", "event");

function rows(...values: (readonly [pid: number, comm: string, bytes: number])[]): Uint8Array {
  const all = new Uint8Array(values.length * SCHEMA.size);
  const view = new DataView(all.buffer);
  values.forEach(([pid, comm, bytes], i) => {
    view.setUint32(i * SCHEMA.size, pid, true);
    all.set(new TextEncoder().encode(comm), i * SCHEMA.size + 4);
    view.setUint32(i * SCHEMA.size + 8, bytes, true);
  });
  return all;
}

const THREE = rows([1, "a", 5], [2, "b", 9], [3, "a", 7]);

function pidsIn(screen: string): string[] {
  return [...screen.matchAll(/^ +(\d+) /gm)].map(([, pid = ""]) => pid);
}

Deno.test("a screen is redrawn, sorted by keys, and leaves its last table", () => {
  const parts: string[] = [];
  const output = new Output({
    sinks: [{
      format: "columns",
      write: (bytes) => parts.push(new TextDecoder().decode(bytes)),
      ...{ width: 40, screen: () => 3 },
    }],
    sort: [{ field: "pid", descending: true }],
  });
  output.table("t", SCHEMA).rows(THREE);
  // Three lines: the header, a row, and the cursor's.
  assert.deepEqual(pidsIn(parts[0] ?? ""), ["3"]);
  assert.ok(parts[0]?.startsWith("\x1b[?1049h"));
  output.key("r");
  assert.deepEqual(pidsIn(parts[1] ?? ""), ["1"]);
  output.key("s");
  assert.deepEqual(pidsIn(parts[2] ?? ""), ["2"]);
  output.key("x");
  output.end();
  assert.equal(parts.length, 4);
  assert.deepEqual(pidsIn((parts[3] ?? "").split("\x1b[?1049l")[1] ?? ""), ["2"]);
});

/** Lines of the last frame of a screen with some sources. */
function frameOf(rows: number, use: (output: Output) => void): string[] {
  let text = "";
  const output = new Output({
    sinks: [{
      format: "columns",
      write: (bytes) => text += new TextDecoder().decode(bytes),
      ...{ width: 40, screen: () => rows },
    }],
  });
  use(output);
  const frame = text.slice(text.lastIndexOf("\x1b[H"));
  // deno-lint-ignore no-control-regex
  return frame.replaceAll(/\x1b\[[\d?]*[A-Za-z]/g, "").split("\n").slice(0, -1);
}

Deno.test("a screen has the name of each source above its titles, if it has several", () => {
  const one = frameOf(20, (output) => output.table("first", SCHEMA).rows(THREE));
  assert.match(one[0] ?? "", /PID/);
  const two = frameOf(20, (output) => {
    const [first, second] = ["fi\x1brst", "second"].map((name) => output.table(name, SCHEMA));
    first?.rows(THREE);
    second?.rows(rows([7, "z", 1]));
  });
  assert.equal(two[0], "fi\\x1brst:");
  assert.match(two[1] ?? "", /PID/);
  assert.deepEqual(two.slice(5, 7), ["", "second:"]);
  assert.match(two[7] ?? "", /PID/);
  assert.match(two[8] ?? "", / 7 z/);
  assert.equal(two.length, 9);
});

Deno.test("a screen shows a part of each table where there is no room for all", () => {
  const many = rows(...Array.from({ length: 50 }, (_, i) => [i + 1, "a", 1] as const));
  const show = (lines: number) =>
    frameOf(lines, (output) => {
      const [first, second] = ["first", "second"].map((name) => output.table(name, SCHEMA));
      first?.rows(many);
      second?.rows(THREE);
    });
  // 13 lines and the cursor's: 7 of the first, an empty one, and all 5 of the second.
  const frame = show(14);
  assert.equal(frame.length, 13);
  assert.deepEqual([frame[0], frame[7], frame[8]], ["first:", "", "second:"]);
  assert.deepEqual(pidsIn(frame.join("\n")), ["1", "2", "3", "4", "5", "1", "2", "3"]);
  // No room for two: the first has it all.
  assert.deepEqual(show(7).filter((line) => line.endsWith(":")), ["first:"]);
  assert.equal(show(7).length, 6);
  assert.equal(show(2).length, 1);
});

function shown(
  use: (output: Output) => void,
  options: Partial<ConstructorParameters<typeof Output>[0]>,
) {
  let text = "";
  const write = (bytes: Uint8Array) => text += new TextDecoder().decode(bytes);
  const output = new Output({ sinks: [{ format: "jsonl", write }], ...options });
  use(output);
  output.end();
  return text.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

Deno.test("--aggregate groups events by fields, each interval anew", () => {
  const aggregate = parseAggregate("comm,count,sum(bytes),min(bytes),max(bytes),avg(bytes)");
  const all = shown((output) => {
    const stream = output.stream("e", SCHEMA);
    stream.write(THREE, "packed");
    output.interval();
    stream.write(rows([1, "a", 1]), "packed");
  }, { aggregate, sort: [{ field: "count", descending: true }] });
  assert.deepEqual(all, [
    { comm: "a", count: 2, sum_bytes: 12, min_bytes: 5, max_bytes: 7, avg_bytes: 6 },
    { comm: "b", count: 1, sum_bytes: 9, min_bytes: 9, max_bytes: 9, avg_bytes: 9 },
    { comm: "a", count: 1, sum_bytes: 1, min_bytes: 1, max_bytes: 1, avg_bytes: 1 },
  ]);
});

Deno.test("--sort and --limit order the events of an interval", () => {
  const pids = shown((output) => {
    const stream = output.stream("e", SCHEMA);
    stream.write(THREE, "packed");
    output.interval();
    stream.write(rows([4, "c", 1], [5, "c", 2]), "packed");
  }, {
    sort: [{ field: "bytes", descending: true }],
    limit: 2,
    fields: parseFields("pid"),
  });
  assert.deepEqual(pids.map(({ pid }) => pid), [2, 3, 5, 4]);
});

Deno.test("--limit alone bounds the events of an interval as they come", () => {
  const pids = shown((output) => {
    const stream = output.stream("e", SCHEMA);
    stream.write(THREE, "packed");
    output.interval();
    stream.write(THREE, "packed");
  }, { limit: 1, fields: parseFields("pid") });
  assert.deepEqual(pids, [{ pid: 1 }, { pid: 1 }]);
});

Deno.test("--fields changes the default, and takes structs whole", () => {
  const schema = schemaFromText("u32 a; struct { u32 x; u32 y; } in; u32 __b", "e");
  const keys = (fields: string) => {
    let text = "";
    const write = (bytes: Uint8Array) => text += new TextDecoder().decode(bytes);
    const output = new Output({ sinks: [{ format: "jsonl", write }], fields: parseFields(fields) });
    output.stream("e", schema).write(new Uint8Array(16), "packed");
    return text.trimEnd();
  };
  assert.equal(keys("+__b"), '{"a":0,"in":{"x":0,"y":0},"__b":0}');
  assert.equal(keys("-in"), '{"a":0}');
  assert.equal(keys("y,a"), '{"in":{"y":0},"a":0}');
  assert.equal(keys("in,-in.x"), '{"in":{"y":0}}');
});
