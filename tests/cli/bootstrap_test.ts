import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { exampleModules } from "../support/examples.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { withAttempts } from "../support/timely.ts";

const HEADER = /^TIME\s+EVENT\s+COMM\s+PID\s+PPID\s+FILENAME\/EXIT CODE$/m;

/** The tracer, past its header: everything that starts from now on is seen. */
async function startTracer(module: string, args: string[] = []): Promise<CliProcess> {
  const tracer = new CliProcess([module, ...args]);
  await tracer.waitFor(HEADER);
  return tracer;
}

function startShell(script: string): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null" }).spawn();
}

/** A line of one event, with groups for its time and what follows the PPID. */
function line(event: string, comm: string, pid: number, ppid: number): RegExp {
  return new RegExp(`^(\\d\\d:\\d\\d:\\d\\d) ${event} +${comm} +${pid} +${ppid} +(.*)$`, "m");
}

for (const [language, module] of exampleModules("bootstrap")) {
  const test = (name: string, run: () => Promise<void>) => Deno.test(`${language}: ${name}`, run);

  test("bootstrap prints a process's start and end with PID, PPID, file and exit code", async () => {
    await using tracer = await startTracer(module);
    const shell = startShell("exit 7");
    await shell.status;
    const exec = await tracer.waitFor(line("EXEC", "sh", shell.pid, Deno.pid));
    assert.equal(exec[2], "/bin/sh");
    const exit = await tracer.waitFor(line("EXIT", "sh", shell.pid, Deno.pid));
    assert.match(exit[2] ?? "", /^\[7\] \(\d+ms\)$/);
  });

  test("bootstrap shows the process that started another as its parent", async () => {
    await using tracer = await startTracer(module);
    const shell = startShell("/bin/true; exit 0");
    await shell.status;
    const child = await tracer.waitFor(
      new RegExp(`^\\S+ EXEC +true +(\\d+) +${shell.pid} +/bin/true$`, "m"),
    );
    await tracer.waitFor(line("EXIT", "true", Number(child[1]), shell.pid));
  });

  test("bootstrap shows a process ended by a signal", async () => {
    await using tracer = await startTracer(module);
    const shell = startShell("kill -KILL $$");
    await shell.status;
    const exit = await tracer.waitFor(line("EXIT", "sh", shell.pid, Deno.pid));
    assert.match(exit[2] ?? "", /^\[signal 9\] \(\d+ms\)$/);
  });

  test("bootstrap shows an event's time by the wall clock, in the host's time zone", async () => {
    // West of Greenwich, with half an hour and without summer time.
    const zone = "Pacific/Marquesas";
    await using tracer = new CliProcess([module], { env: { TZ: zone } });
    await tracer.waitFor(HEADER);
    const inZone = (ms: number) => new Date(ms - 34_200_000).toISOString().slice(11, 19);
    const before = inZone(Date.now() - 1000);
    const shell = startShell("exit 0");
    await shell.status;
    const after = inZone(Date.now() + 1000);
    const time = (await tracer.waitFor(line("EXEC", "sh", shell.pid, Deno.pid)))[1] ?? "";
    // Around midnight the order turns.
    assert.ok(before <= after ? before <= time && time <= after : time >= before || time <= after);
  });

  test("bootstrap -d leaves out starts and short processes", () =>
    // On a busy machine, a process that does nothing may last for so long.
    withAttempts(async () => {
      await using tracer = await startTracer(module, ["-d", "500"]);
      const short = startShell("exit 0");
      await short.status;
      // time: a process that lasts longer than -d.
      const long = startShell("sleep 0.6; exit 4");
      await long.status;
      const exit = await tracer.waitFor(line("EXIT", "sh", long.pid, Deno.pid));
      const durationMs = Number(/\((\d+)ms\)/.exec(exit[2] ?? "")?.[1]);
      assert.ok(durationMs >= 590, `${durationMs} ms`);
      assert.doesNotMatch(tracer.stdout, line("EXIT", "sh", short.pid, Deno.pid));
      assert.doesNotMatch(tracer.stdout, / EXEC /);
    }));

  test("bootstrap -v logs to standard error", async () => {
    await using tracer = await startTracer(module, ["-v"]);
    tracer.kill("SIGINT");
    const { code, stdout, stderr } = await tracer.result();
    assert.equal(code, 0);
    assert.match(stdout, HEADER);
    assert.notEqual(stderr, "");
  });

  test("bootstrap shows control characters of a process's name as numbers", async () => {
    await using tracer = await startTracer(module);
    const folder = await Deno.makeTempDir();
    try {
      await Deno.copyFile("/bin/true", `${folder}/a\x1b[2J`);
      await new Deno.Command(`${folder}/a\x1b[2J`).output();
      await tracer.waitFor(/EXEC +a\\x1b\[2J /);
      assert.ok(!tracer.stdout.includes("\x1b"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  test("bootstrap leaves nothing in the kernel", async () => {
    const before = await bpfState();
    await using tracer = await startTracer(module);
    tracer.kill("SIGINT");
    const { code } = await tracer.result();
    assert.equal(code, 0);
    await untilNothingAdded(before);
  });

  test("bootstrap reports a full disk, and exits with 1", async () => {
    const through = ["/bin/sh", "-c", 'exec "$@" >/dev/full', "sh"];
    const { code, stderr } = await runCli(["--timeout", "120s", module], { through });
    assert.equal(code, 1);
    assert.match(stderr, /^bootstrap: (cannot write the output|.*[Nn]o space left.*)\n$/);
  });
}
