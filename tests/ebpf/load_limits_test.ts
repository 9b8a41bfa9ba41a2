/** `--max-maps-memory`, `--max-programs`, `--max-links`, and stops in the middle of a load. */
import assert from "node:assert/strict";
import { type GuestModule, runGuest } from "../../runtime/mod.ts";
import { CliProcess, type CliResult, runCli } from "../support/cli.ts";
import { guest, writeLine } from "../support/guests.ts";
import { elfOf, objectGuest, TEXT } from "../support/object_guest.ts";
import { until } from "../support/condition.ts";
import { systemMs, untilDelivered } from "../support/process_state.ts";
import { assertTimely, elapsedMs, withAttempts } from "../support/timely.ts";

const SIGTERM = 15;

/** Keeps a file with a guest while `use` runs. */
async function withFile<T>(module: GuestModule, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    await Deno.writeFile(path, module.bytes);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Guest that exits with 1 if its object was not loaded. */
const loading = (object: string) =>
  objectGuest(object, `(call $exit (i64.eqz (local.get $object)))`);

function runLoading(object: string, ...options: string[]): Promise<CliResult> {
  return withFile(loading(object), (path) => runCli([...options, path]));
}

Deno.test("load refuses a map beyond the default limit, and reports its name and size", async () => {
  const { code, stderr } = await runLoading("slow_map", "--max-maps-memory", "512M");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Cannot create map "big": ENOMEM \(the map takes [\d.]+ MiB when it is full/,
  );
  assert.match(stderr, /^hint: .*--max-maps-memory/m);
});

Deno.test("load refuses too many programs", async () => {
  const { code, stderr } = await runLoading("many_maps", "--max-programs", "63");
  assert.equal(code, 1);
  assert.match(stderr, /EMFILE|ENOMEM/);
});

for (const option of ["--max-maps-memory", "--max-programs", "--max-links"]) {
  for (const value of ["0", "-1", "1x", "64MB", "1e99", "9".repeat(30), "1.5.5"]) {
    Deno.test(`${option} ${value} is a usage error`, async () => {
      const { code, stderr } = await runLoading("shapes", `${option}=${value}`);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`^error: Cannot use ${option} `));
    });
  }
}

/** Guest that attaches its program until that fails; exits with the errno, or with 0 after ten. */
const ATTACHES = objectGuest(
  "trace",
  `(loop $again
     (local.set $i (call $link (local.get $object) (i32.const ${TEXT}) (i32.const 0)))
     (if (i32.lt_s (local.get $i) (i32.const 0))
       (then (call $exit (i32.sub (i32.const 0) (local.get $i)))))
     (global.set $links (i32.add (global.get $links) (i32.const 1)))
     (br_if $again (i32.lt_u (global.get $links) (i32.const 10))))`,
  { texts: ["iter_task"], more: "(global $links (mut i32) (i32.const 0))" },
);

Deno.test("attach returns EMFILE when the limit of links is reached", () => {
  const errors: string[] = [];
  const run = (maxLinks: number) =>
    runGuest(ATTACHES, { limits: { maxLinks }, onError: (error) => errors.push(error.message) });
  assert.equal(run(10), 0);
  assert.deepEqual(errors, []);
  assert.equal(run(9), 24);
  assert.match(
    errors[0] ?? "",
    /^Cannot attach program "iter_task": the module has 9 links, the limit$/,
  );
});

Deno.test("Policy limits maps and programs", () => {
  const codes: string[] = [];
  const run = (limits: { maxMapsMemory?: number; maxPrograms?: number }) =>
    runGuest(loading("slots"), {
      limits,
      onError: (error) => codes.push(error.code),
    });
  assert.equal(run({}), 0);
  assert.equal(run({ maxMapsMemory: 0 }), 1);
  assert.equal(run({ maxMapsMemory: 1 << 20, maxPrograms: 0 }), 0);
  assert.deepEqual(codes, ["ENOMEM"]);
});

Deno.test("--timeout stops a load between two maps, with code 124", async () => {
  const options = ["--timeout", "200ms", "--max-maps-memory", "4G"];
  // On a machine that is held up, one map may take longer than the run is given to end.
  await withAttempts(() =>
    assertTimely(10_000, () =>
      elapsedMs(async () => {
        const { code, stderr } = await runLoading("many_maps", ...options);
        assert.equal(code, 124, stderr);
        assert.match(stderr, /interrupted before (creating map|loading program) "/);
      }))
  );
});

/** Guest that prints a line, and then loads its object; exits with 1 if that failed. */
function loadingAfterLine(object: string): GuestModule {
  const hex = [...elfOf(object)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`);
  return guest(
    `${writeLine(1)}
     (call $exit (i64.eqz (call $load (i32.const 4096) (i32.const ${hex.length}))))`,
    `(import "wasm_bpf" "wasm_load_bpf_object" (func $load (param i32 i32) (result i64)))
     (data (i32.const 4096) "${hex.join("")}")`,
  );
}

Deno.test("the first signal does not end a load", async () => {
  await withFile(loadingAfterLine("many_maps"), async (path) => {
    await using run = new CliProcess(["--max-maps-memory", "4G", path]);
    await run.waitFor(/line/);
    run.kill("SIGINT");
    const { code, signal, stderr } = await run.result();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  });
});

Deno.test("a second signal ends a run in a slow system call, and reports which one", async () => {
  await withFile(loadingAfterLine("slow_map"), (path) =>
    withAttempts(async () => {
      await using run = new CliProcess(["--max-maps-memory", "2G", path]);
      await run.waitFor(/line/);
      // A signal before the start of the load counts as a first one: only the creation of the map takes
      // that much kernel time.
      const before = systemMs(run.pid) ?? 0;
      const isCreating = () => (systemMs(run.pid) ?? Infinity) - before > 200;
      await until("the map is being created", isCreating);
      if (systemMs(run.pid) !== undefined) {
        run.kill("SIGTERM");
        await untilDelivered(run.pid, SIGTERM);
        run.kill("SIGTERM");
      }
      const { signal, code, stderr } = await run.result();
      // A fast machine creates the map before the signal, and refuses nothing; one that is held up may
      // send the signal while it is freed.
      if (signal === null) assert.equal(code, 0);
      else assert.match(stderr, /^wasm-bpf: ended while creating map "big"$/m);
    }));
});
