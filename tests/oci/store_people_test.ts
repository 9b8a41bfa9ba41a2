/** Output of a pull, and effect of the keyboard. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fsck } from "../../oci/mod.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { Place, speaking } from "../support/place.ts";
import { SlowRegistry } from "../support/slow_registry.ts";
import { largeModule, namesIn } from "../support/store_places.ts";
import { assemble } from "../support/wat.ts";

const SIZE = 3_000_000;

/** Until something of the module has been written to the store. */
async function untilBegun(place: Place): Promise<void> {
  await until("a part of the module is in the store", async () => {
    const folder = join(place.store, "ingest");
    const names = await namesIn(folder).catch(() => []);
    const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
    return Math.max(0, ...sizes) >= 2 ** 20;
  });
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} during a pull ends with ${exitCode}, and nothing is half-written`, async () => {
    await using place = await Place.create();
    await using registry = new SlowRegistry(largeModule(SIZE), { first: 2_000_000 });
    await using pull = new CliProcess(["pull", registry.reference, "-o", "tool.wasm"], {
      cwd: join(place.folder, "work"),
      env: place.env,
    });
    await untilBegun(place);
    pull.kill(signal);
    const { code, stdout, stderr } = await pull.result();
    assert.equal(code, exitCode, stderr);
    assert.equal(stdout, "");
    assert.doesNotMatch(stderr, /error|bug/);
    assert.deepEqual(await namesIn(join(place.folder, "work")), []);
    assert.deepEqual((await fsck(place.store)).problems, []);
    assert.equal((await place.succeed(["images", "-q"])).trim(), "");
    // Received bytes are not requested again.
    registry.go();
    await place.succeed(["pull", "-q", registry.reference]);
    assert.deepEqual(await namesIn(join(place.store, "ingest")), []);
  });
}

Deno.test("SIGINT while another process has the transfer ends the one that waits", async () => {
  await using place = await Place.create();
  await using registry = new SlowRegistry(largeModule(SIZE), { first: 2_000_000 });
  const options = { env: place.env };
  await using first = new CliProcess(["pull", "-q", registry.reference], options);
  await untilBegun(place);
  await using second = new CliProcess(["pull", registry.reference], options);
  await until("the second one keeps its parts", async () => {
    const leases = (await namesIn(join(place.store, "ingest"))).filter((name) =>
      /^lease/.test(name)
    );
    const sizes = await Promise.all(
      leases.map((name) => sizeOf(join(place.store, "ingest", name))),
    );
    return sizes.length === 2 && Math.min(...sizes) > 200;
  });
  await until(
    "the second one prints its wait",
    () => /^tool\.wasm: another process is pulling it$/m.test(second.stderr),
  );
  second.kill("SIGINT");
  assert.equal((await second.result()).code, 130);
  registry.go();
  const { code, stderr } = await first.result();
  assert.equal(code, 0, stderr);
  await place.succeed(["prune"]);
  assert.deepEqual(await namesIn(join(place.store, "ingest")), []);
});

Deno.test("a terminal shows a bar that grows, a log shows lines, --quiet nothing", async () => {
  await using place = await Place.create();
  const bytes = largeModule(SIZE);
  await using registry = new SlowRegistry(bytes, { first: 2_000_000 });
  const words = ["pull", registry.reference];
  // script(1) gives it a terminal; it passes on what is drawn, and the exit code.
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const through = ["/bin/sh", "-c", `exec script -qefc "$0 ${quoted}" /dev/null </dev/null`];
  const start = performance.now();
  await using pull = new CliProcess([], { through, env: { ...place.env, TERM: "xterm" } });
  await pull.waitFor(/tool\.wasm +3\.00 MB {2}\[=+> +\] +66%/);
  // time: a bar that nothing moves is drawn rarely, which only time can show.
  await new Promise((resolve) => setTimeout(resolve, 300));
  registry.go();
  const { code, stdout } = await pull.result();
  assert.equal(code, 0, stdout);
  assert.match(stdout, /tool\.wasm +3\.00 MB {2}pulled/);
  assert.match(stdout, /127\.0\.0\.1:\d+\/you\/tool:v1 is sha256:\w{64}/);
  const frames = stdout.split("tool.wasm").length;
  // Ten a second; on a busy machine, it takes many.
  const ms = performance.now() - start;
  assert.ok(frames < 60 + ms / 100, `${frames} frames in ${ms} ms`);

  const log = await place.run(["pull", registry.reference]);
  assert.equal(log.stdout, "");
  assert.match(log.stderr, /^tool\.wasm: 3\.00 MB there already$/m);
  assert.ok(!log.stderr.includes("\x1b"));
  const quiet = await place.run(["pull", "--quiet", registry.reference]);
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
});

Deno.test("a command ends without an error when its output is closed", async () => {
  await using place = await Place.create();
  await using registry = new SlowRegistry(largeModule(SIZE), { first: SIZE });
  registry.go();
  await place.succeed(["pull", "-q", registry.reference]);
  const commands = [
    ["images", "--json"],
    ["inspect", registry.reference],
    ["pull", "-q", "-o", "-", registry.reference],
  ];
  for (const command of commands) {
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const through = ["/bin/bash", "-c", `set -o pipefail; "$0" ${quoted} | head -c 1 >/dev/null`];
    const { code, stderr } = await runCli([], { through, env: place.env });
    assert.equal(stderr, "", command.join(" "));
    // Small output may be written before head has ended.
    assert.ok(code === 0 || code === 141, String(code));
  }
});

Deno.test("run fetches a module from an address, through redirects", async () => {
  await using place = await Place.create();
  const bytes = speaking("fetched");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/moved.wasm") return Response.redirect(new URL("/tool.wasm", request.url));
    if (pathname === "/loop.wasm") return Response.redirect(request.url);
    if (pathname === "/cut.wasm") {
      return new Response(bytes.subarray(0, 20), { headers: { "content-length": "20" } });
    }
    return pathname === "/tool.wasm" && searchParams.get("v") !== "0"
      ? new Response(bytes)
      : new Response("no", { status: 404 });
  });
  const address = `http://127.0.0.1:${server.addr.port}`;
  for (const path of ["/tool.wasm", "/tool.wasm?v=1", "/moved.wasm"]) {
    const { code, stdout } = await place.run(["run", `${address}${path}`]);
    assert.deepEqual([code, stdout], [0, "fetched\n"]);
  }
  const mapped = `http://[::ffff:127.0.0.1]:${server.addr.port}/tool.wasm`;
  const warned = await place.run(["run", "-q", mapped]);
  assert.equal(warned.stdout, "fetched\n");
  assert.match(warned.stderr, /^warning: \S+ is used without TLS/);
  for (const path of ["/none.wasm", "/loop.wasm", "/cut.wasm"]) {
    const { code, stderr } = await place.run(["run", "-q", `${address}${path}`]);
    assert.equal(code, 1, path);
    assert.match(stderr, /^error: Cannot (fetch|run) /);
  }
  await server.shutdown();
});

Deno.test("run never prints secrets in a module's address", async () => {
  await using place = await Place.create();
  // Prints its name, and ends in a trap, which names it as well.
  const bytes = assemble(`(module
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $args (i32.const 64) (i32.const 1024)))
      (i32.store (i32.const 16) (i32.const 1024))
      (i32.store (i32.const 20) (i32.const 200))
      (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
      unreachable))`);
  const damaged = Uint8Array.of(...bytes.subarray(0, 8), 99);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/d/none.wasm") return new Response("no", { status: 404 });
    return new Response(pathname === "/d/tool.wasm" ? bytes : damaged);
  });
  const address = `http://127.0.0.1:${server.addr.port}/d`;
  for (const name of ["tool", "damaged", "none"]) {
    for (const options of [[], ["-q"], ["--verbose"], ["--pull", "never"]]) {
      const word = `${address}/${name}.wasm?sig=s3/cret#s3/cret`;
      const { code, stdout, stderr } = await place.run(["run", ...options, word, "x"]);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stdout + stderr, /s3|cret/);
      if (options[0] === "--pull") assert.match(stderr, /--pull/);
      else {
        assert.match(stderr, new RegExp(`^error: (Cannot \\w+ )?${address}/${name}\\.wasm`, "m"));
        if (name === "tool") assert.ok(stdout.startsWith(`${address}/tool.wasm\0x\0`), stdout);
        if (options.length === 0 && name !== "none") {
          assert.match(stderr, new RegExp(`^${name}\\.wasm: `));
        }
      }
    }
  }
  await server.shutdown();
});
