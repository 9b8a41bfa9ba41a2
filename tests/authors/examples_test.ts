/** Runs the examples as their READMEs show; each README ends with the output. */
import assert from "node:assert/strict";
import { findExamples, type Language, modulePath } from "../../build/tasks/examples.ts";
import { filesUnder } from "../../build/lib/step.ts";
import { kernel } from "../../ffi/mod.ts";
import { act, ACTOR, IN_OWN_NETWORK, succeed } from "../support/actor.ts";
import { runBriefly } from "../support/brief.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { CliProcess, type CliResult, runCli } from "../support/cli.ts";
import { heldBy, untilGone } from "../support/held.ts";
import { fromFileUrl } from "../support/paths.ts";
import { shapeOf, shapesOf, shownOutput } from "../support/readme.ts";
import { VethPair } from "../support/veth.ts";

Deno.chdir(fromFileUrl("../.."));

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
kernel.version();

/** User ID that no other process uses. */
const UID = 4711;

/**
 * Returns the path of an example's module: `runqlat`, or in a language other than C,
 * `runqlat-rust`.
 */
function pathOf(name: string): string {
  const [, example = "", language = "c"] = /^([a-z]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  const found = findExamples().find((one) => one.name === example);
  if (!found?.languages.some((one) => one === language)) throw new Error(`no example ${name}`);
  return fromFileUrl(`../../${modulePath(found, language as Language)}`);
}

/** One run of an example. */
interface Run {
  args?: string[];
  /** Command prefix, for example to enter a namespace. */
  through?: string[];
  /** Output that shows that it is attached; default: its header. */
  ready?: RegExp;
  /** Causes the events. */
  action(tool: CliProcess): Promise<unknown>;
  /** Last expected output before Ctrl-C. */
  last?: RegExp;
}

/**
 * Runs an example until Ctrl-C, checks that it ends well and leaves nothing; returns its standard
 * output.
 */
async function output(name: string, run: Run): Promise<string> {
  const { args = [], through = [], ready = /\n/ } = run;
  const options = { through: ["/usr/bin/env", ...through] };
  await using tool = new CliProcess(["--timeout", "120s", pathOf(name), ...args], options);
  await tool.waitFor(ready);
  const held = await heldBy(tool.pid);
  assert.ok(held.prog.length > 0);
  await run.action(tool);
  if (run.last !== undefined) await tool.waitFor(run.last);
  tool.kill("SIGINT");
  const { code, stdout, stderr } = await tool.result();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  await untilGone(held);
  return stdout;
}

/** Runs a command as {@linkcode UID}. */
async function runAsUser(...command: [string, ...string[]]): Promise<void> {
  const [program, ...args] = command;
  await new Deno.Command(program, { args, uid: UID, stdout: "null", stderr: "null" }).output();
}

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
    await runAsUser("/bin/sh", "-c", "read x </no/such");
    await tool.waitFor(/no\/such/);
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
  const { code, stdout } = await runCli(["--timeout", "120s", pathOf("syscount-rust"), ...args]);
  assert.equal(code, 0);
  const [, , , heads = "", ...rows] = stdout.trimEnd().split("\n");
  assert.match(heads, /^PID +COMM +CALLS /);
  const times = rows.map((row) => Number(/ (\d+\.\d{3}) /.exec(row)?.[1]));
  assert.equal(times.length, 2);
  assert.ok((times[0] ?? NaN) >= (times[1] ?? NaN), stdout);
});

Deno.test("tcpconnlat prints connections, as its README shows", async () => {
  // It waits for a signal, so that its PID is known first.
  const [program = "", ...rest] = [
    ...IN_OWN_NETWORK,
    "/bin/sh",
    "-c",
    `read w; exec "$0" connection`,
  ];
  const held = new Deno.Command(program, { args: [...rest, ACTOR], stdin: "piped" }).spawn();
  const stdout = await output("tcpconnlat", {
    args: ["-p", `${held.pid}`, "-L"],
    action: async () => {
      const writer = held.stdin.getWriter();
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
      await held.status;
    },
    last: /7777/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("tcpconnlat"));
});

Deno.test("tcpstates prints a connection's states, as its README shows", async () => {
  const stdout = await output("tcpstates", {
    args: ["-L", "7777"],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["connection"], { netns: tool.pid }),
    last: /LISTEN +-> CLOSE/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("tcpstates"));
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

for (const name of ["xdp", "tc", "xdp-rust", "tc-rust"]) {
  Deno.test(`${name} counts packets and drops those of rules, as its README shows`, async () => {
    await using pair = await VethPair.create();
    const { here, there } = pair;
    const stdout = await output(name, {
      args: ["-i", "3600", "-d", "udp:53", here.interface],
      through: VethPair.in(here),
      action: () => VethPair.sendDatagrams(there, here),
    });
    // A packet is an Ethernet, IPv4 and UDP header and 8 bytes.
    const way = name.startsWith("tc") ? " ingress" : "";
    assert.match(stdout, new RegExp(`^total   ${way} udp +5 +250 +3$`, "m"));
    assert.deepEqual(shapesOf(stdout), await shownOutput(name.replace(/-.*/, "")));
  });

  Deno.test(`${name} drops by address and by protocol`, async () => {
    await using pair = await VethPair.create();
    const { here, there } = pair;
    for (
      const [rules, dropped] of [
        [["-d", there.address], 5],
        [["--drop", "udp"], 5],
        [["-d", "tcp", "-d", "icmp", "-d", "udp:9", "-d", "10.9.0.3", "-d", "::1"], 0],
        [["-d", "UDP:54", "-d", "tcp:1"], 2],
      ] as const
    ) {
      const stdout = await output(name, {
        args: ["-i", "3600", ...rules, here.interface],
        through: VethPair.in(here),
        action: () => VethPair.sendDatagrams(there, here),
      });
      assert.match(stdout, new RegExp(`^total .*udp +5 +250 +${dropped}$`, "m"), rules.join(" "));
    }
  });
}

Deno.test("tc drops outgoing packets", async () => {
  await using pair = await VethPair.create();
  const { here, there } = pair;
  const stdout = await output("tc", {
    args: ["-i", "3600", "-d", there.address, here.interface],
    through: VethPair.in(here),
    action: () => VethPair.sendDatagrams(here, there),
  });
  assert.match(stdout, /^total +egress +udp +5 +250 +5$/m);
});

Deno.test("sockfilter prints packets, as its README shows", async () => {
  const stdout = await output("sockfilter", {
    args: ["-p", "7777", "lo"],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["connection"], { netns: tool.pid }),
    last: /(in .* F.*\n[^]*){2}/,
  });
  assert.deepEqual(
    new Set(shapesOf(stdout).map(withoutAck)),
    new Set((await shownOutput("sockfilter")).map(withoutAck)),
  );
});

/** Removes acknowledgements: TCP sends them at once or with the next data. */
function withoutAck(line: string): string {
  return line.replace(/ (in|out) tcp/, " tcp").replace(/ P?A$/, " A");
}

Deno.test("sockops prints a cgroup's connections, as its README shows", async () => {
  await using cgroup = await TestCgroup.create();
  const stdout = await output("sockops", {
    args: [cgroup.path],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["--cgroup", cgroup.path, "connection"], { netns: tool.pid }),
    last: /close[^]*close/,
  });
  assert.deepEqual(shapesOf(stdout).sort(), (await shownOutput("sockops")).sort());
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
    action: async () => {
      // time: the README shows how long the processes lasted.
      const sleeps = `sleep 2 & ${EXECUTED}; sleep 0.25; kill $!; wait`;
      const child = new Deno.Command("/usr/bin/sh", {
        args: ["-c", `ls / >/dev/null; sh -c 'exit 3'; ${sleeps}`],
        stderr: "null",
      }).spawn();
      shell = child.pid;
      await child.status;
    },
    last: /EXIT +sleep .*signal 15[^]*EXIT +sh .*\[0\] /,
  });
  const ours = stdout.split("\n").filter((line) => {
    const [, , , pid, ppid] = line.split(/\s+/);
    return pid === `${shell}` || ppid === `${shell}`;
  });
  const shown = (await shownOutput("bootstrap")).slice(1);
  assert.deepEqual(ours.map(shapeOf).sort(), shown.sort());
});

/* ---- common to all examples ------------------------------------------------------------------ */

/** Arguments that exist on every machine. */
const ARGUMENTS: Readonly<Record<string, string[]>> = {
  uprobe: ["libc.so.6", "getpgid"],
  usdt: [ACTOR, "wasm_bpf_test", "called"],
  xdp: ["lo"],
  tc: ["lo"],
  sockfilter: ["lo"],
  lsm: ["/no/such/folder"],
};

/** Names for {@linkcode pathOf}; plugin needs host functions. */
const ALL = findExamples().filter(({ name }) => name !== "plugin").flatMap(({ name, languages }) =>
  languages.map((language) => language === "c" ? name : `${name}-${language}`)
);

for (const name of ALL) {
  Deno.test(`${name} --help goes to standard output and fits 100 columns`, async () => {
    const { code, stdout, stderr } = await runCli([pathOf(name), "--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, new RegExp(`^Usage: ${name.replace(/-.*/, "")} `));
    assert.ok(stdout.split("\n").every((line) => line.length <= 100));
  });

  Deno.test(`${name} reports errors in its command line, and ends with 2`, async () => {
    for (const wrong of [["--no-such-option"], ["-v", "a", "b", "c", "d"]]) {
      const { code, stdout, stderr } = await runCli([pathOf(name), ...wrong]);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, wrong.join(" "));
      assert.match(stderr, /Usage: |^error: /m);
    }
  });
}

for (
  const [name, ...wrong] of [
    ["execve", "-u", "root"],
    ["opensnoop", "-p", "0"],
    ["opensnoop", "-d", "-1"],
    ["opensnoop", "-n", "much too long a name"],
    ["runqlat", "0"],
    ["runqlat", "1", "many"],
    ["tcpconnlat", "1.5"],
    ["tcpstates", "-L", "65536"],
    ["uprobe", "-p", "1e3", "libc.so.6", "getpgid"],
    ["xdp", "-d", "udp:0", "lo"],
    ["xdp", "-d", "icmp:1", "lo"],
    ["tc", "-d", "1.2.3", "lo"],
    ["sockfilter", "-p", " 1", "lo"],
    ["lsm", "/"],
    ["execve-go", "-u", "root"],
    ["opensnoop-rust", "-p", "0"],
    ["opensnoop-rust", "-n", "much too long a name"],
    ["runqlat-rust", "1", "many"],
    ["syscount-rust", "-e", "4096"],
    ["xdp-rust", "-d", "icmp:1", "lo"],
    ["tc-rust", "-d", "1.2.3", "lo"],
  ] as const
) {
  Deno.test(`${name} ${wrong.join(" ")} exits with 2 and the reason`, async () => {
    const { code, stdout, stderr } = await runCli([pathOf(name), ...wrong]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: /);
  });
}

for (const name of ["opensnoop", "runqlat", "xdp", "tcpstates"]) {
  Deno.test(`${name} reports a full disk, and ends with 1`, async () => {
    const through = [...IN_OWN_NETWORK, "/bin/sh", "-c", 'exec "$@" >/dev/full', "sh"];
    const args = ["--timeout", "120s", pathOf(name), ...ARGUMENTS[name] ?? []];
    const { code, stderr } = await runCli(args, { through });
    assert.deepEqual({ code, stderr }, { code: 1, stderr: "error: Cannot write the output\n" });
  });
}

Deno.test("an option has the same letter in every example", async () => {
  const letters = new Map<string, string>();
  for (const path of filesUnder("examples", (path) => /\.(c|rs|go|ts)$/.test(path))) {
    const options = (await Deno.readTextFile(path)).matchAll(/^\W*-(\w), --([\w-]+)/gm);
    for (const [, letter = "", long = ""] of options) {
      assert.equal(letters.get(long) ?? letter, letter, `--${long} in ${path}`);
      letters.set(long, letter);
    }
  }
  assert.ok(letters.size > 20);
});

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

Deno.test("opensnoop ends quietly when its output is closed", async () => {
  const through = [
    "/bin/bash",
    "-c",
    '"$@" | head -n 2 >/dev/null; exit "${PIPESTATUS[0]}"',
    "bash",
  ];
  const result: Promise<CliResult> = runCli(["--timeout", "120s", pathOf("opensnoop")], {
    through,
  });
  let ended = false;
  void result.finally(() => ended = true);
  while (!ended) await succeed("/bin/cat", "/etc/hostname");
  const { code, stderr } = await result;
  assert.deepEqual({ code, stderr }, { code: 141, stderr: "" });
});

Deno.test("opensnoop -v counts its lines, and -d ends it", async () => {
  const args = ["--timeout", "120s", pathOf("opensnoop"), "-d", "1", "-v", "-n", "nobody-has-it"];
  const { code, stderr } = await runCli(args);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "0 shown, 0 lost\n" });
});

Deno.test("execve reports how many events were lost", async () => {
  const tool = new CliProcess(["--timeout", "120s", pathOf("execve"), "-v", "-u", `${UID}`]);
  await tool.waitFor(/\n/);
  tool.kill("SIGSTOP");
  // Each event has some 20 arguments of 127 bytes; a CPU's buffer of 4 MiB holds fewer than
  // 1,800, and the next event reports the lost ones.
  const onOneCpu = ["taskset", "-c", "0"] as const;
  const words = Array.from({ length: 19 }, () => "x".repeat(130));
  const loop = 'for i in $(seq 2400); do /bin/true "$@"; done';
  await runAsUser(...onOneCpu, "/bin/sh", "-c", loop, "sh", ...words);
  tool.kill("SIGCONT");
  await tool.waitFor(/\.\.\./);
  await runAsUser(...onOneCpu, "/bin/true", "end");
  await tool.waitFor(/^true .* end$/m);
  tool.kill("SIGINT");
  const { code, stderr } = await tool.result();
  const [, shown, lost] =
    /^(\d+) shown, (\d+) lost\n$/.exec(stderr.replace(/^(?!\d+ shown).*\n/gm, "")) ??
      [];
  assert.equal(code, 0);
  assert.ok(Number(lost) > 0, stderr);
  // taskset, the shell, seq, and the commands of the loop; taskset again, and the last.
  assert.equal(Number(shown) + Number(lost), 2405);
});
