import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { guestSchema, loadFilter, Output, parseFields } from "../../records/mod.ts";
import type { Place } from "./index.ts";
import { ContainerTaker, type TakerParts } from "./record_taker.ts";

const SCHEMA = guestSchema(new Uint8Array(), "u32 pid; char comm[8]", "events").schema;

function placeOf(container: string, isWanted: boolean): Place {
  return {
    id: "a".repeat(64),
    names: { container, pod: `pod\u202e${"p".repeat(300)}`, namespace: "a\x1b[31m\n" },
    groups: new Map(),
    isWanted,
  };
}

const PLACES = new Map([
  [1, placeOf("web", true)],
  [2, placeOf("db", false)],
  [3, { ...placeOf("", false), names: undefined }],
]);

/** Records of processes 1 to 4, packed or framed. */
function records(isFramed: boolean): Uint8Array {
  const header = isFramed ? 8 : 0, step = header + (isFramed ? 16 : 12);
  const bytes = new Uint8Array(step * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) {
    if (isFramed) view.setUint32(i * step, 12, true);
    view.setUint32(i * step + header, i + 1, true);
    bytes.set(new TextEncoder().encode("comm"), i * step + header + 4);
  }
  return bytes;
}

async function rowsOf(
  parts: Partial<TakerParts>,
  { isTable = false, fields, filter }: { isTable?: boolean; fields?: string; filter?: string } = {},
): Promise<Record<string, unknown>[]> {
  let text = "";
  const output = new Output({
    sinks: [{ format: "jsonl", write: (bytes) => text += new TextDecoder().decode(bytes) }],
    fields: fields === undefined ? undefined : parseFields(fields),
    filter: filter === undefined ? undefined : await loadFilter(filter),
  });
  const taker = new ContainerTaker(output, {
    placesOf: () => (v, at) => PLACES.get(v.getUint32(at, true)),
    filters: false,
    fields: "absent",
    refusal: (source) => new HostError(source, { code: "NO_PROCESS" }),
    ...parts,
  });
  if (isTable) taker.table("events", SCHEMA).rows(records(false));
  else taker.stream("events", SCHEMA).write(records(true));
  output.end();
  return text.trimEnd().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

for (const isTable of [false, true]) {
  const what = isTable ? "rows of a table" : "events";
  Deno.test(`${what} of other containers are left out`, async () => {
    const rows = await rowsOf({ filters: true }, { isTable });
    assert.deepEqual(rows, [{ pid: 1, comm: "comm" }]);
  });

  Deno.test(`${what} get the names of their container`, async () => {
    const rows = await rowsOf({ fields: "shown" }, { isTable, fields: "pid,container" });
    assert.deepEqual(rows.map(({ container }) => container), ["web", "db", "a".repeat(12), ""]);
  });
}

Deno.test("names are cut, and cannot control a terminal", async () => {
  const [row] = await rowsOf({ fields: "shown" });
  assert.equal(row?.["pod"], `pod?${"p".repeat(251)}`);
  assert.equal(row?.["pod_namespace"], "a?[31m?");
});

Deno.test("hidden fields can be filtered, and are shown by their names alone", async () => {
  const rows = await rowsOf({ fields: "hidden" }, { filter: 'container == "db"' });
  assert.deepEqual(rows, [{ pid: 2, comm: "comm" }]);
  const more = await rowsOf({ fields: "hidden" }, { fields: "+container,-comm" });
  assert.deepEqual(more[0], { pid: 1, container: "web" });
});

Deno.test("records without a process cannot be selected, and have no fields", async () => {
  const placesOf = () => undefined;
  await assert.rejects(
    rowsOf({ placesOf, filters: true }),
    (error) => error instanceof HostError && error.code === "NO_PROCESS",
  );
  assert.deepEqual((await rowsOf({ placesOf, fields: "shown" }))[0], { pid: 1, comm: "comm" });
});

Deno.test("sources without a process are left out next to others, and refused alone", () => {
  const shown: string[] = [];
  const output = new Output({
    sinks: [{
      format: "jsonl",
      write: (bytes) => void shown.push(new TextDecoder().decode(bytes)),
    }],
  });
  const lonely = guestSchema(new Uint8Array(), "u32 slot; u64 count", "sizes").schema;
  const parts: TakerParts = {
    placesOf: (schema) =>
      schema === lonely ? undefined : (v, at) => PLACES.get(v.getUint32(at, true)),
    filters: true,
    fields: "absent",
    refusal: (source) => new HostError(source, { code: "NO_PROCESS" }),
  };
  const refused = (error: unknown) => error instanceof HostError && error.code === "NO_PROCESS";
  const both = new ContainerTaker(output, parts, { mayLeaveOut: true });
  const sizes = both.table("sizes", lonely);
  both.hex("bytes").write(records(true));
  both.stream("events", SCHEMA).write(records(true));
  assert.deepEqual(both.settle(), ["sizes", "bytes"]);
  sizes.rows(new Uint8Array(16));
  sizes.refresh(new Uint8Array(16));
  output.end();
  assert.deepEqual(shown.join("").trimEnd().split("\n"), ['{"pid":1,"comm":"comm"}']);
  // Too late: its source was not known when the warning was given.
  assert.throws(() => both.table("sizes", lonely), refused);
  const alone = new ContainerTaker(output, parts, { mayLeaveOut: true });
  alone.table("sizes", lonely);
  assert.throws(() => alone.settle(), refused);
});
