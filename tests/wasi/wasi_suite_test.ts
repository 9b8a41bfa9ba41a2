/**
 * The conformance suite for WASI preview 1. `tests/guests/wasi-suite-c` has a module for each function and
 * some for what is about several; `wasi-suite-libc`, `-rust` and `-go` have programs that know of WASI
 * only through their standard library, and one that calls every function wrongly. A module prints the
 * line, the call, the errno that was expected and the one that came, of each check that fails.
 *
 * What the specification leaves open is as WebAssembly/wasi-testsuite expects it of wasmtime on Linux;
 * the reason is next to the check.
 */
import assert from "node:assert/strict";
import { system } from "../../ffi/mod.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import {
  ALL_HELD,
  runSuiteModule,
  runSuiteModuleInWorker,
  SUITE_MODULES,
  suitePath,
} from "../support/wasi_suite.ts";
import { SUITE_RUNS, suiteRuns } from "../support/wasi_suite_runs.ts";

// Loads the shim, which stays, before the first test can be blamed for it.
system.clockNow(1);

/** The module that {@linkcode talk} runs. */
const SOCKETS = "sock";

/** In other languages. */
const PROGRAMS = ["suite-fs", "suite-libc", "suite-raw", "wasi-suite-go"];

const MODULES = [...SUITE_MODULES.filter((name) => name !== SOCKETS), ...PROGRAMS];

for (const module of MODULES) {
  for (const [name, run] of suiteRuns(module)) {
    Deno.test(`wasi suite: ${module} ${name}`.trimEnd(), () => runSuiteModule(module, run));
  }
}

/** Modules about the process: its streams, its limit of descriptors, its permissions. */
const PROCESS_ONLY = ["fd_fdstat_get", "fd_filestat_get", "poll_hangup", "poll_oneoff"];

for (const module of MODULES.filter((name) => !PROCESS_ONLY.includes(name))) {
  for (const [name, run] of suiteRuns(module)) {
    if (run.through !== undefined) continue;
    Deno.test(
      `wasi suite in a worker: ${module} ${name}`.trimEnd(),
      () => runSuiteModuleInWorker(module, run),
    );
  }
}

/** Not for `wasi_unstable`, or for nothing else. */
const NOT_BOTH = [...PROGRAMS, "unstable"];

for (const module of MODULES.filter((name) => ![...PROCESS_ONLY, ...NOT_BOTH].includes(name))) {
  const [[name, run] = ["", {}]] = suiteRuns(module);
  if (run.through !== undefined) continue;
  Deno.test(
    `wasi suite of wasi_unstable: ${module} ${name}`.trimEnd(),
    () => runSuiteModuleInWorker(`${module}-unstable`, run),
  );
}

Deno.test("wasi suite: every run is one of a module", () => {
  assert.deepEqual(SUITE_RUNS.filter((name) => !MODULES.includes(name)), []);
});

/** Reads from a connection until a text ends with what is waited for. */
async function readTo(connection: Deno.Conn, end: string): Promise<void> {
  const buffer = new Uint8Array(64);
  let text = "";
  while (!text.endsWith(end)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`the module ended the connection after ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

/** Connects, and resets the connection at the end of its input. */
const RESETTING = `use Socket;
  socket(S, PF_INET, SOCK_STREAM, 0) or die;
  connect(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
  setsockopt(S, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)) or die;
  $| = 1; print "connected"; <STDIN>; close S;`;

/** The host's side of the sockets' module. */
async function talk(port: number): Promise<void> {
  using first = await Deno.connect({ port });
  await using second = new Deno.Command("perl", {
    args: ["-e", RESETTING, String(port)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const connected = second.stdout.getReader();
  await connected.read();
  await connected.cancel();
  await first.write(new TextEncoder().encode("hello"));
  await readTo(first, "world!\nclose\n");
  await second.stdin.close();
  assert.equal(await first.read(new Uint8Array(1)), null);
  await first.write(new TextEncoder().encode("bye"));
}

Deno.test(`wasi suite: ${SOCKETS}`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "wasi-suite-" });
  try {
    const listen = ["--listen", "127.0.0.1:0"];
    await using guest = new CliProcess(
      [
        "-v",
        "--timeout",
        "120s",
        "--dir",
        `${folder}::/`,
        ...listen,
        ...listen,
        suitePath(SOCKETS),
      ],
    );
    const port = () => Number(/: port (\d+)$/m.exec(guest.stderr)?.[1] ?? 0);
    await until("the module listens", () => port() > 0);
    // It may end early, with a report.
    const talked = talk(port()).catch((error) => error);
    const { stdout } = await guest.result();
    assert.match(stdout, ALL_HELD);
    assert.equal(await talked, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
