/** Inspection of objects: levels, and equality with what the kernel shows after a load. */
import assert from "node:assert/strict";
import { inspectObject, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { libbpfVersion, spawn } from "../../runtime/mod.ts";
import { runCli } from "../support/cli.ts";
import { sleepMs, writeLine } from "../support/guests.ts";
import { elfOf, objectGuest } from "../support/object_guest.ts";
import { TestFolder } from "../support/folder.ts";
import { heldBy } from "../support/held.ts";
import { fromFileUrl } from "../support/paths.ts";
import { assembleTo } from "../support/wat.ts";

// Loads the shim, which stays, before the first test can be blamed for it.
libbpfVersion();

const OBJECTS = fromFileUrl("../../.cache/guests/examples");

/** Objects of the examples by name; the kernel of the tests does not load all of them. */
function exampleObjects(): { name: string; bytes: Uint8Array<ArrayBuffer> }[] {
  return [...Deno.readDirSync(OBJECTS)].map(({ name }) => ({
    name,
    bytes: Deno.readFileSync(`${OBJECTS}/${name}/${name}.bpf.o`),
  }));
}

/** Needs BPF LSM, which this kernel lacks: its load is EPERM or EINVAL. */
const NOT_LOADED_HERE: ReadonlySet<string> = new Set(["lsm"]);

/** A loaded map or program, as bpftool prints it. */
interface Shown {
  id: number;
  type: string;
  name?: string;
  "bytes_key"?: number;
  "bytes_value"?: number;
  "max_entries"?: number;
}

/** Returns bpftool's output, or nothing where a map or program is gone: of the guest before. */
async function bpftool(...args: string[]): Promise<string | undefined> {
  const { success, stdout, stderr } = await new Deno.Command("bpftool", { args, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (success) return text;
  const error = text + decoder.decode(stderr);
  assert.match(error, /No such file or directory/);
  return undefined;
}

/** Loads an object without attaching it, and calls `look` with the ids of what it has then. */
async function whileLoaded(
  bytes: Uint8Array,
  look: (ids: { prog: number[]; map: number[] }) => Promise<void>,
): Promise<boolean> {
  const guest = objectGuest(
    "loaded",
    `(if (i64.ne (local.get $object) (i64.const 0)) (then ${writeLine(1)}
       (loop $again ${sleepMs(1000)} (br $again))))`,
    { bytes },
  );
  const loaded = Promise.withResolvers<boolean>();
  await using handle = spawn(guest, { stdio: { stdout: () => loaded.resolve(true) } });
  handle.exited.then(() => loaded.resolve(false));
  if (!await loaded.promise) return false;
  // Other runs may have loaded another object with the same names.
  await look(await heldBy(Deno.pid));
  return true;
}

/** Names of maps in the kernel have 15 characters, and those of data start with the object's. */
function isMap({ name = "", type }: Shown, facts: ObjectFacts["maps"][number]): boolean {
  const sameName = facts.name.startsWith(".")
    ? name.includes(facts.name.slice(0, 7))
    : name === facts.name.slice(0, 15);
  const sameType = type === facts.type || (type === "ringbuf" && facts.type === "ring_buffer");
  return sameName && sameType;
}

for (const { name, bytes } of exampleObjects()) {
  Deno.test(`inspectObject() shows the maps and helpers that ${name} has when it is loaded`, async () => {
    const facts = inspectObject(bytes);
    const isLoaded = await whileLoaded(bytes, async ({ prog, map }) => {
      const maps = (await Promise.all(map.map(async (id): Promise<Shown[]> => {
        const text = await bpftool("--json", "map", "show", "id", String(id));
        return text === undefined ? [] : [JSON.parse(text)].flat();
      }))).flat();
      for (const one of facts.maps) {
        const isSame = (shown: Shown) =>
          isMap(shown, one) && (shown["bytes_key"] ?? 0) === one.keyBytes &&
          (shown["bytes_value"] ?? 0) === one.valueBytes &&
          (one.type === "perf_event_array" || shown["max_entries"] === one.maxEntries);
        assert.ok(maps.some(isSame), `${JSON.stringify(one)}: ${JSON.stringify(maps)}`);
      }
      const helpers = new Set(facts.programs.flatMap(({ helpers }) => helpers));
      for (const id of prog) {
        const text = await bpftool("prog", "dump", "xlated", "id", String(id)) ?? "";
        // The verifier puts variants and inline code in the place of some.
        for (const [, call = ""] of text.matchAll(/call (bpf_\w+)#/g)) {
          const isKnown = helpers.has(call) ||
            [...helpers].some((helper) => call.startsWith(helper));
          assert.ok(isKnown || /^bpf_prog_|^bpf_\w+_(percpu|hash|array|htab)_/.test(call), call);
        }
      }
    });
    assert.equal(isLoaded, !NOT_LOADED_HERE.has(name));
  });
}

Deno.test("inspectObject() shows descriptors as the values of maps that have programs", () => {
  const { maps } = inspectObject(elfOf("tail_calls"));
  assert.deepEqual(maps.map(({ name, valueBytes }) => [name, valueBytes]), [["next", 4]]);
});

const LEVELS: readonly (readonly [object: string, level: string])[] = [
  ["write_user", "write"],
  ["system_call", "never"],
  ["lsm", "control"],
  ["fentry", "inspect"],
  ["struct_ops", "struct-ops"],
  ["net", "network"],
  ["kprobe_multi", "observe"],
];

for (const [name, level] of LEVELS) {
  Deno.test(`inspectObject() gives ${name} the level ${level}`, () => {
    const facts = inspectObject(elfOf(name));
    assert.equal(facts.level, level, JSON.stringify(facts.programs, null, 1));
    assert.ok(level === "observe" || facts.programs.some(({ reasons }) => reasons.length > 0));
  });
}

Deno.test("inspectObject() follows subprograms and callbacks", () => {
  const { programs } = inspectObject(elfOf("calls"));
  const helpersOf = (name: string) => programs.find((one) => one.name === name)?.helpers ?? [];
  assert.ok(helpersOf("direct").includes("bpf_probe_read_user"));
  assert.ok(helpersOf("called_back").includes("bpf_probe_read_user"));
  assert.ok(!helpersOf("neither").includes("bpf_probe_read_user"));
});

Deno.test("inspectObject() refuses cut and changed objects by an error of ours", () => {
  const bytes = elfOf("abi");
  for (let size = 0; size < bytes.length; size += 97) {
    try {
      inspectObject(bytes.slice(0, size));
    } catch (error) {
      assert.match((error as { code: string }).code, /^(BAD_ELF|BAD_BTF|NO_BTF)$/, String(error));
    }
  }
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    try {
      inspectObject(changed);
    } catch (error) {
      assert.match((error as { code: string }).code, /^(BAD_ELF|BAD_BTF|NO_BTF|BIG_ENDIAN)$/);
    }
  }
});

Deno.test("inspect --fail-on exits with 3 at the level or a later one", async () => {
  const module = fromFileUrl("../../dist/examples/xdp/xdp.wasm");
  for (const [level, code] of [["inspect", 3], ["network", 3], ["control", 0]] as const) {
    assert.equal((await runCli(["inspect", "--fail-on", level, module])).code, code, level);
  }
  const { code, stderr } = await runCli(["inspect", "--fail-on", "netwrok", module]);
  assert.equal(code, 2);
  assert.match(stderr, /did you mean network\?/);
});

Deno.test("inspect shows guests in four languages and plain objects alike", async () => {
  const shown = await Promise.all(["", "-rust", "-go", "-assemblyscript"].map(async (suffix) => {
    const path = fromFileUrl(`../../dist/examples/bootstrap/bootstrap${suffix}.wasm`);
    const { code, stdout } = await runCli(["inspect", "--json", path]);
    assert.equal(code, 0);
    return JSON.parse(stdout).module.bpfObjects[0].programs;
  }));
  for (const programs of shown) assert.deepEqual(programs, shown[0]);
  const object = `${OBJECTS}/bootstrap/bootstrap.bpf.o`;
  const { stdout } = await runCli(["inspect", "--json", object]);
  assert.deepEqual(JSON.parse(stdout).object.programs, shown[0]);
});

Deno.test("inspect reports a guest that loads an object it does not contain, for every level", async () => {
  using folder = new TestFolder();
  const path = await assembleTo(
    folder.at("guest.wasm"),
    `(module (import "wasm_bpf" "wasm_load_bpf_object" (func (param i32 i32) (result i64)))
       (memory (export "memory") 1) (func (export "_start")))`,
  );
  const { code, stdout } = await runCli(["inspect", "--json", "--fail-on", "never", path]);
  assert.deepEqual([code, JSON.parse(stdout).module.loadsOthers], [3, true]);
});
