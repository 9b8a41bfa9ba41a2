/** Runs the examples as their READMEs show; each README ends with the output. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { act, ACTOR, succeed } from "../support/actor.ts";
import { runBriefly } from "../support/brief.ts";
import { until } from "../support/condition.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { shapeOf, shapesOf, shownOutput } from "../support/readme.ts";
import { output, pathOf, runAsUser, UID } from "../support/example_runs.ts";

for (const name of ["execve", "execve-go"]) {
  Deno.test(`${name} prints started programs, as its README shows`, async () => {
    const stdout = await output(name, {
      args: ["-x", "-u", `${UID}`],
      action: () => runAsUser("/bin/sh", "-c", "/bin/ls -l /; exec /no/such 'two words'"),
      last: / -2 /,
    });
    assert.deepEqual(shapesOf(stdout), await shownOutput("execve"));
  });

  Deno.test(`${name} quotes arguments, and prints control characters as numbers`, async () => {
    const stdout = await output(name, {
      args: ["-q", "-T", "-n", "sh", "-u", `${UID}`],
      action: () => runAsUser("/bin/sh", "-c", ":", "a b", "\x1b[2J"),
      last: /1b/,
    });
    assert.match(
      stdout,
      /^\d\d:\d\d:\d\d sh +\d+ +\d+ +0 "\/bin\/sh" "-c" ":" "a b" "\\x1b\[2J"$/m,
    );
  });
}

for (const name of ["opensnoop", "opensnoop-rust"]) {
  Deno.test(`${name} prints opened files, as its README shows`, async () => {
    const stdout = await output(name, {
      args: ["-u", `${UID}`],
      action: () => runAsUser("/bin/sh", "-c", "read x </etc/hostname; read x </no/such"),
      last: /no\/such/,
    });
    assert.deepEqual(shapesOf(stdout), await shownOutput("opensnoop"));
  });

  Deno.test(`${name} omits the process that runs it`, async () => {
    await using tool = new CliProcess(["--timeout", "120s", pathOf(name)]);
    await tool.waitFor(/\n/);
    // A busy machine fills the ring buffer, and one event may be lost.
    await until("the open is printed", async () => {
      await runAsUser("/bin/sh", "-c", "read x </no/such");
      return tool.stdout.includes("no/such");
    });
    tool.kill("SIGINT");
    const { stdout } = await tool.result();
    // Attaching opens files, after the first programs are attached.
    assert.doesNotMatch(stdout, new RegExp(`^${tool.pid} `, "m"));
  });

  Deno.test(`${name} omits other processes, names and successes`, async () => {
    const script = "read x </etc/hostname; read x </no/such";
    const shell = new Deno.Command("/bin/sh", {
      args: ["-c", `read wait; ${script}`],
      ...{ stdin: "piped", stderr: "null" },
    }).spawn();
    const stdout = await output(name, {
      args: ["-x", "-e", "-p", `${shell.pid}`, "-n", "s"],
      action: async () => {
        await runAsUser("/bin/sh", "-c", script);
        const writer = shell.stdin.getWriter();
        await writer.write(new TextEncoder().encode("\n"));
        await writer.close();
        await shell.status;
      },
      last: /no\/such/,
    });
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? "", new RegExp(`^${shell.pid} +sh +-1 +2 0\\d+ /no/such$`));
  });

  Deno.test(`${name} -n omits names with another prefix`, async () => {
    const stdout = await output(name, {
      args: ["-n", "cat", "-u", `${UID}`, "-U", "-T"],
      action: async () => {
        await runAsUser("/bin/sh", "-c", "read x </no/such/file");
        await runAsUser("/bin/cat", "/no/such/file");
      },
      last: /no\/such/,
    });
    assert.match(stdout, /^TIME +UID +PID /);
    assert.doesNotMatch(stdout, / sh /);
  });
}

for (const name of ["runqlat", "runqlat-rust"]) {
  Deno.test(`${name} prints histograms, as its README shows`, async () => {
    const { code, stdout, stderr } = await runCli(["--timeout", "120s", pathOf(name), "1", "2"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const shapes = new Set(shapesOf(stdout));
    assert.deepEqual(shapes, new Set(await shownOutput("runqlat")));
    assert.equal(stdout.split("distribution").length - 1, 2);
  });

  Deno.test(`${name} -P prints a histogram for each process, and one at Ctrl-C`, async () => {
    const stdout = await output(name, {
      args: ["-P", "-m", "-p", `${Deno.pid}`],
      action: () => new Deno.Command("true").output(),
    });
    assert.match(stdout, new RegExp(`^pid = ${Deno.pid} .+\n +msecs +: count`, "m"));
    assert.equal(stdout.split("pid = ").length - 1, 1);
  });
}

Deno.test("syscount-rust counts system calls, as its README shows", async () => {
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", "read w; read x </no/such; read x </no/such"],
    ...{ stdin: "piped", stderr: "null" },
  }).spawn();
  const stdout = await output("syscount-rust", {
    args: ["-e", "2", "-i", "3600", "-p", `${shell.pid}`],
    action: async () => {
      await shell.stdin.close();
      await shell.status;
    },
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("syscount"));
  assert.match(stdout, /^openat +2 +2 /m);
});

Deno.test("syscount-rust sorts processes by time, in a table of the given length", async () => {
  const args = ["-P", "-L", "-t", "2", "-c", "1"];
  const result = runCli(["--timeout", "120s", pathOf("syscount-rust"), ...args]);
  let ended = false;
  void result.finally(() => ended = true);
  // On an idle machine, nothing else would call.
  while (!ended) await succeed("/bin/cat", "/etc/hostname");
  const { code, stdout } = await result;
  assert.equal(code, 0);
  const [, , , heads = "", ...rows] = stdout.trimEnd().split("\n");
  assert.match(heads, /^PID +COMM +CALLS /);
  const times = rows.map((row) => Number(/ (\d+\.\d{3}) /.exec(row)?.[1]));
  assert.equal(times.length, 2);
  assert.ok((times[0] ?? NaN) >= (times[1] ?? NaN), stdout);
});

Deno.test("uprobe prints calls of a function, as its README shows", async () => {
  const stdout = await output("uprobe", {
    args: [ACTOR, "wasm_bpf_test_function"],
    action: () => act(["call"]),
    last: /actor/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("uprobe"));
  // The arguments are 41 and 42.
  assert.match(stdout, /^\d+ +\d+ +actor +29 +[\da-f]+ +[\da-f]+ +2a +\d+\.\d{3}$/m);
});

Deno.test("usdt prints a probe's arguments, as its README shows", async () => {
  const stdout = await output("usdt", {
    args: [ACTOR, "wasm_bpf_test", "called"],
    action: () => act(["call"]),
    last: /actor/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("usdt"));
  assert.match(stdout, / actor +1 2 4711$/m);
});

Deno.test("lsm refuses to remove a directory, or reports that this kernel lacks LSM programs", async () => {
  const folder = await Deno.makeTempDir();
  const name = `${folder}/keep/this`;
  await Deno.mkdir(name, { recursive: true });
  try {
    const { code, stdout, stderr } = await runBriefly([pathOf("lsm"), name]);
    if (kernel.hasLsm("bpf") && code === 0) return await assertRefused(name);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(stderr, /^error: Cannot (load|attach) program "on_rmdir"/);
    assert.match(stderr, /^hint: .*(CONFIG_BPF_LSM|lsm=)/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function assertRefused(name: string): Promise<void> {
  const stdout = await output("lsm", {
    args: [name],
    action: async () => {
      const { success } = await new Deno.Command("rmdir", { args: [name] }).output();
      assert.ok(!success);
    },
    last: /refused/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("lsm"));
}

/** Waits, by the shell's own means, until the child in the background runs sleep(1). */
const EXECUTED = 'while read name <"/proc/$!/comm" && [ "$name" != sleep ]; do :; done';

Deno.test("bootstrap prints a shell's life, as its README shows", async () => {
  let shell = 0;
  const stdout = await output("bootstrap", {
    action: async (tool) => {
      // time: the README shows how long the processes lasted. Longer than a busy machine takes to kill.
      const sleeps = `sleep 60 & ${EXECUTED}; sleep 0.25; kill $!; wait`;
      const child = new Deno.Command("/usr/bin/sh", {
        args: ["-c", `ls / >/dev/null; sh -c 'exit 3'; ${sleeps}`],
        stderr: "null",
      }).spawn();
      shell = child.pid;
      await child.status;
      // Its own: other shells end as well.
      await tool.waitFor(new RegExp(`EXIT +sh +${shell} .*\\[0\\] `));
    },
  });
  const ours = stdout.split("\n").filter((line) => {
    const [, , , pid, ppid] = line.split(/\s+/);
    return pid === `${shell}` || ppid === `${shell}`;
  });
  const shown = (await shownOutput("bootstrap")).slice(1);
  assert.deepEqual(ours.map(shapeOf).sort(), shown.sort());
});

/* ---- common to all examples ------------------------------------------------------------------ */

Deno.test("bootstrap with -DBOOTSTRAP_UTC imports what other runtimes have", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const module = `${folder}/bootstrap.wasm`;
    await succeed(
      "clang",
      ...["--target=wasm32-wasi", "-O2", "-Wall", "-Werror", "--sysroot=/", "-DBOOTSTRAP_UTC"],
      ...["-isystem", "/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi", "-Isdk/c/include"],
      ...["-Iexamples/bootstrap", "-Wl,--export-table"],
      ...["-Wa,-I.cache/guests/examples/bootstrap", "-I.cache/guests/examples/bootstrap"],
      ...["examples/bootstrap/c/bootstrap.c", "-o", module],
    );
    const imports = WebAssembly.Module.imports(
      await WebAssembly.compile(await Deno.readFile(module)),
    );
    const modules = new Set(imports.map((one) => one.module));
    assert.deepEqual([...modules].sort(), ["wasi_snapshot_preview1", "wasm_bpf"]);
    await using tool = new CliProcess(["--timeout", "120s", module]);
    await tool.waitFor(/\n/);
    await runAsUser("/bin/true");
    await tool.waitFor(/true/);
    tool.kill("SIGINT");
    const { code, stdout } = await tool.result();
    assert.equal(code, 0);
    const [, hours, minutes] = /^(\d\d):(\d\d):\d\d .*true/m.exec(stdout) ?? [];
    const printed = Number(hours) * 60 + Number(minutes);
    const now = new Date();
    const late = (now.getUTCHours() * 60 + now.getUTCMinutes() - printed + 1440) % 1440;
    assert.ok(late <= 2, stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("execve reports how many events were lost", async () => {
  const tool = new CliProcess(["--timeout", "120s", pathOf("execve"), "-v", "-u", `${UID}`]);
  await tool.waitFor(/\n/);
  tool.kill("SIGSTOP");
  // Each event has some 20 arguments of 127 bytes; a CPU's buffer of 4 MiB holds fewer than
  // 1,800, and the next event reports the lost ones.
  const words = Array.from({ length: 19 }, () => "x".repeat(130));
  const loop = 'for i in $(seq 2400); do /bin/true "$@"; done';
  await runAsUser("/bin/sh", "-c", loop, "sh", ...words);
  tool.kill("SIGCONT");
  await tool.waitFor(/\.\.\./);
  await runAsUser("/bin/true", "end");
  await tool.waitFor(/^true .* end$/m);
  tool.kill("SIGINT");
  const { code, stderr } = await tool.result();
  const [, shown, lost] =
    /^(\d+) shown, (\d+) lost\n$/.exec(stderr.replace(/^(?!\d+ shown).*\n/gm, "")) ??
      [];
  assert.equal(code, 0);
  assert.ok(Number(lost) > 0, stderr);
  // The shell, seq, the commands of the loop, and the last.
  assert.equal(Number(shown) + Number(lost), 2403);
});
