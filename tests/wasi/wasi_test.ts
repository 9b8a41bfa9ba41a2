/** Tests of the standard libraries of C, Rust and Go on our WASI: `tests/guests/wasi-*`. */
import assert from "node:assert/strict";
import { CliProcess, type CliResult, guestPath, runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { untilSettled } from "../support/condition.ts";

const LANGUAGES = ["c", "rust", "go"] as const;
type Language = (typeof LANGUAGES)[number];

const MIB = 1024 * 1024;
const LINE_BYTES = 64;

/** `EBADF` of WASI. */
const EBADF = 8;

/** Debian has the compilers, and `./dev test` installs them; elsewhere one may be missing. */
function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*debian/m.test(Deno.readTextFileSync("/etc/os-release"));
  } catch {
    return false;
  }
}

function isBuilt(language: Language): boolean {
  try {
    return Deno.statSync(guestPath(`wasi-${language}`)).isFile;
  } catch {
    return false;
  }
}

/** The guests there are. One that is missing on Debian fails its tests; elsewhere it is named. */
const available = LANGUAGES.filter((language) => {
  if (isBuilt(language) || isDebian()) return true;
  const text = `skipped: the WASI tests in ${language}: its compiler is not installed\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  return false;
});

function run(language: Language, ...args: string[]): Promise<CliResult> {
  return runCli([guestPath(`wasi-${language}`), ...args]);
}

/** Runs a sub-command that must succeed in silence on standard error; its standard output. */
async function output(language: Language, ...args: string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await run(language, ...args);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
  return stdout;
}

/** Runs a guest below `script`, which finds wasm-bpf and its arguments in "$@". */
function inShell(script: string, language: Language, ...args: string[]): Promise<CliResult> {
  return runCli([guestPath(`wasi-${language}`), ...args], {
    through: ["/bin/sh", "-c", script, "sh"],
  });
}

/**
 * Functions of a shell that reads from a guest: `start` runs the guest, `blocked` waits until it waits
 * for the pipe, which the first byte must have come through, and `taken` until no signal is pending.
 */
const READING = `pid=$(mktemp)
  start() { sh -c 'echo $$ >"$0"; exec "$@"' "$pid" "$@"; }
  # time: between two looks.
  wait_until() { i=0; until "$@" || [ $((i += 1)) -gt 600 ]; do sleep 0.05; done; }
  in_pipe() { grep -qsE '^(anon_)?pipe_|^poll_|^do_poll|^do_sys_poll' "/proc/$(cat "$pid")/wchan"; }
  blocked() { wait_until in_pipe; }
  none_pending() { grep -qsE '^ShdPnd:[[:space:]]0+$' "/proc/$(cat "$pid")/status"; }
  taken() { wait_until none_pending; }`;

/** Returns the output of `flood`. */
function flood(bytes: number): string {
  const lines = Array.from(
    { length: bytes / LINE_BYTES },
    (_, i) => String(i).padStart(LINE_BYTES - 1, "0"),
  );
  return `${lines.join("\n")}\n`;
}

/** Waits until a process sleeps in the kernel, and has for a while. */
async function untilAsleep(pid: number): Promise<void> {
  await untilSettled(`process ${pid} sleeps`, async () => {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    // No two of these are the same.
    if (!/^State:\s+S/m.test(status)) return Symbol("awake");
    return /^voluntary_ctxt_switches:.*$/m.exec(status)?.[0];
  });
}

/** The first number after `name` in lines of "name number". */
function numberOf(text: string, name: string): number {
  const match = new RegExp(`^${name} (-?[\\d.]+)`, "m").exec(text);
  assert.ok(match, `no ${name} in ${JSON.stringify(text)}`);
  return Number(match[1]);
}

for (const language of available) {
  Deno.test(`${language}: arguments arrive as they were given, after the module's name`, async () => {
    const args = [
      "args",
      "",
      "two words",
      "-v",
      "--help",
      "--",
      "é 漢 🐝",
      "a\nb",
      "x".repeat(5000),
    ];
    const lines = [guestPath(`wasi-${language}`), ...args].map((arg) => `arg ${arg}\n`);
    assert.equal(await output(language, ...args), lines.join(""));
  });

  Deno.test(`${language}: 10,000 arguments arrive`, async () => {
    const args = ["args", ...Array.from({ length: 10_000 }, (_, i) => `number ${i}`)];
    const text = await output(language, ...args);
    assert.equal(text.split("\n").length, args.length + 2);
    assert.ok(text.endsWith("arg number 9999\n"));
  });

  Deno.test(`${language}: the environment of wasm-bpf stays outside`, async () => {
    const { stdout } = await runCli([guestPath(`wasi-${language}`), "args"], {
      env: { "WASM_BPF_TEST_SECRET": "secret" },
    });
    assert.doesNotMatch(stdout, /^env /m);
  });

  Deno.test(`${language}: standard output and standard error are kept apart`, async () => {
    assert.deepEqual(await run(language, "streams"), {
      code: 0,
      signal: null,
      stdout: "to stdout\n",
      stderr: "to stderr\n",
    });
  });

  for (const ms of [0, 150]) {
    Deno.test(`${language}: sleeps ${ms} ms`, async () => {
      const slept = numberOf(await output(language, "sleep", String(ms)), "slept");
      assert.ok(slept >= ms && slept < ms + 120_000, `${slept} ms`);
    });
  }

  Deno.test(`${language}: an interrupt in a sleep does no harm`, async () => {
    // Go sleeps on until its time has come.
    const ms = language === "go" ? 1000 : 600_000;
    const words = [guestPath(`wasi-${language}`), "sleep", `${ms}`];
    await using sleeper = new CliProcess(words);
    await sleeper.waitFor(/^sleeping$/m);
    sleeper.kill("SIGINT");
    const { code, signal, stdout, stderr } = await sleeper.result();
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
    const slept = numberOf(stdout, "slept");
    assert.ok(language === "go" ? slept >= ms : slept < ms / 2, `${slept} ms`);
  });

  Deno.test(`${language}: the wall clock is the host's`, async () => {
    const before = Date.now();
    const realtime = numberOf(await output(language, "clocks"), "realtime") / 1e6;
    const after = Date.now();
    assert.ok(before - 1 <= realtime && realtime <= after + 1, `${before} ${realtime} ${after}`);
  });

  Deno.test(`${language}: random bytes are not zero, and differ`, async () => {
    const draws = [await output(language, "random"), await output(language, "random")]
      .flatMap((text) => text.trim().split("\n"));
    assert.equal(draws.length, 4);
    for (const draw of draws) assert.match(draw, /^[0-9a-f]{64}$/);
    assert.equal(new Set(draws).size, 4);
    assert.ok(!draws.some((draw) => /0{16}/.test(draw)), draws.join(" "));
  });

  for (const code of [0, 1, 3, 125, 255]) {
    Deno.test(`${language}: exits with code ${code}`, async () => {
      const { code: exit, signal, stderr } = await run(language, "exit", String(code));
      assert.deepEqual({ exit, signal, stderr }, { exit: code, signal: null, stderr: "" });
    });
  }

  Deno.test(`${language}: 1 MiB goes through a pipe whole`, async () => {
    assert.equal(await output(language, "flood", String(MIB)), flood(MIB));
  });

  Deno.test(`${language}: 1 MiB reaches a slow reader whole`, async () => {
    const script = `${READING}
      { start "$@"; echo "code $?" >&2; } | {
        head -c 1; blocked; head -c 1000; blocked; rm "$pid"; exec cat; }`;
    const { stdout, stderr } = await inShell(script, language, "flood", String(MIB));
    assert.equal(stderr, "code 0\n");
    assert.equal(stdout, flood(MIB));
  });

  Deno.test(`${language}: 1 MiB goes through a non-blocking pipe to a slow reader whole`, async () => {
    const script = `${READING}
      { start perl -MFcntl -e '
        fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK) or die;
        exec { $ARGV[0] } @ARGV or die' -- "$@"; echo "code $?" >&2
      } | { head -c 1; blocked; head -c 1000; blocked; rm "$pid"; exec cat; }`;
    const { stdout, stderr } = await inShell(script, language, "flood", String(MIB));
    assert.equal(stderr, "code 0\n");
    assert.equal(stdout, flood(MIB));
  });

  Deno.test(`${language}: a signal while it waits for a slow reader loses no output`, async () => {
    const script = `${READING}
      { start "$@"; echo "code $?" >&2; } | {
        head -c 1; blocked; kill -TERM "$(cat "$pid")"; taken; rm "$pid"; exec cat; }`;
    const { stdout, stderr } = await inShell(script, language, "flood", String(MIB));
    assert.equal(stderr, "code 0\n");
    assert.equal(stdout, flood(MIB));
  });

  Deno.test(`${language}: output to a closed stream is not a host error`, async () => {
    const { code, stderr } = await inShell(`exec "$@" >&-`, language, "streams");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "to stderr\n" });
  });

  Deno.test(`${language}: reads lines to their end`, async () => {
    const { code, stdout, stderr } = await inShell(`seq 1000 | "$@"`, language, "lines");
    assert.deepEqual({ code, stdout, stderr }, {
      code: 0,
      stdout: "reading\nlines 1000\n",
      stderr: "",
    });
  });

  Deno.test(`${language}: input that is closed ends at once`, async () => {
    const { code, stderr } = await inShell(`exec "$@" <&-`, language, "lines");
    assert.doesNotMatch(stderr, /internal error/);
    assert.ok(code < 128, `${code}\n${stderr}`);
  });

  Deno.test(`${language}: an interrupt ends the wait for input, so that it can finish`, async () => {
    using folder = new TestFolder();
    const fifo = folder.at("fifo");
    assert.ok((await new Deno.Command("mkfifo", { args: [fifo] }).output()).success);
    // Open for writing too, so that it never ends by itself; the line is there before the guest.
    const through = ["/bin/sh", "-c", `exec <>"$0"; echo a line >&0; exec "$@"`, fifo];
    await using reader = new CliProcess([guestPath(`wasi-${language}`), "lines"], { through });
    await reader.waitFor(/^reading$/m);
    // By then it has read the line and waits for the next.
    await untilAsleep(reader.pid);
    reader.kill("SIGINT");
    const { code, signal, stdout, stderr } = await reader.result();
    assert.deepEqual({ code, signal, stdout, stderr }, {
      ...{ code: 0, signal: null },
      ...{ stdout: "reading\nlines 1\n", stderr: "" },
    });
  });

  Deno.test(`${language}: uses a folder that it was given, by its paths`, async () => {
    using folder = new TestFolder();
    await Deno.writeTextFile(folder.at("from"), "text\n".repeat(10_000));
    await Deno.mkdir(folder.at("below"));
    const paths = ["/data/from", "/data/below/to", "/data"];
    const grant = ["--dir", `${folder.path}::/data`];
    const { code, stdout, stderr } = await runCli([
      ...[...grant, guestPath(`wasi-${language}`), "copy", ...paths],
    ]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.trim().split("\n").toSorted(), ["entry below", "entry from"]);
    assert.equal(await Deno.readTextFile(folder.at("below/to")), "text\n".repeat(10_000));
  });

  Deno.test(`${language}: reads in a folder granted for reading, and is refused to write`, async () => {
    using folder = new TestFolder();
    await Deno.writeTextFile(folder.at("from"), "text");
    const grant = ["--dir", `${folder.path}::/data::ro`];
    const { code, stderr } = await runCli([
      ...[...grant, guestPath(`wasi-${language}`), "copy", "/data/from", "/data/to", "/data"],
    ]);
    assert.notEqual(code, 0);
    assert.match(stderr, /Capabilities insufficient|Capability insufficient|os error 76/i);
    await assert.rejects(Deno.stat(folder.at("to")), { code: "ENOENT" });
  });

  Deno.test(`${language}: a full disk is the guest's to see`, async () => {
    const { code, stderr } = await inShell(`exec "$@" >/dev/full`, language, "flood", "4096");
    assert.doesNotMatch(stderr, /internal error/);
    // C's printf ignores it; the other two end with an error of their own.
    if (language !== "c") assert.notEqual(code, 0);
  });
}

/** Returns isatty() of 0, 1, 2 and 3, with errno. */
async function terminals(script: string): Promise<string[]> {
  const { stdout, stderr } = await inShell(script, "c", "terminals");
  return `${stdout}${stderr}`.trim().split(/\r?\n/).map((line) => line.split(" ")[1] ?? "");
}

Deno.test("c: a terminal is one", async () => {
  const script = `PROGRAM=$1 GUEST=$2 SHELL=/bin/sh \\
    exec script -qec 'exec "$PROGRAM" "$GUEST" terminals' /dev/null`;
  assert.deepEqual(await terminals(script), ["1", "1", "1", "0"]);
});

Deno.test("c: Ctrl-C at a terminal ends the wait for a line; the lines before it are read", async () => {
  // The key is pressed once it reads.
  const script = `${READING}
    out=$(mktemp)
    # time: between two looks.
    await() { i=0; until grep -q "$1" "$out" || [ $((i += 1)) -gt 1200 ]; do sleep 0.05; done; }
    { printf 'one\\ntwo\\n'; await reading; await two; blocked; printf '\\003'; await lines
    } | PROGRAM=$1 GUEST=$2 PID=$pid SHELL=/bin/sh timeout 90 \\
      script -qfec 'echo $$ >"$PID"; exec "$PROGRAM" "$GUEST" lines' "$out"; rm "$out"`;
  const { stdout } = await inShell(script, "c", "lines");
  assert.match(stdout, /\blines 2\b|\^Clines 2\b/);
});

Deno.test("c: a pipe is not a terminal", async () => {
  assert.deepEqual(await terminals(`: | "$@" | cat`), ["0", "0", "0", "0"]);
});

Deno.test("c: a file is not a terminal", async () => {
  assert.deepEqual(await terminals(`exec "$@" <"$1" >/dev/null`), ["0", "0", "0", "0"]);
});

Deno.test("c: /dev/null, a character device too, is not a terminal", async () => {
  assert.deepEqual(await terminals(`exec "$@" </dev/null >/dev/null`), ["0", "0", "0", "0"]);
});

Deno.test("c: the monotonic clock goes on as fast as the host's", async () => {
  const read = async () => {
    const before = performance.now();
    const guest = numberOf(await output("c", "clocks"), "monotonic") / 1e6;
    return { before, guest, after: performance.now() };
  };
  const first = await read();
  const second = await read();
  const passed = second.guest - first.guest;
  assert.ok(passed >= second.before - first.after, `${passed} ms`);
  assert.ok(passed <= second.after - first.before, `${passed} ms`);
});

Deno.test("c: a clock's resolution is one of nanoseconds", async () => {
  const resolution = numberOf(await output("c", "clocks"), "resolution");
  assert.ok(resolution >= 1 && resolution < 1e8, `${resolution} ns`);
});

Deno.test("c: the next poll reports the interrupt of a sleep, once", async () => {
  await using sleeper = new CliProcess([guestPath("wasi-c"), "sleep-then-poll", "600000"]);
  await sleeper.waitFor(/^sleeping$/m);
  sleeper.kill("SIGINT");
  const { code, stdout } = await sleeper.result();
  assert.equal(code, 0);
  assert.match(stdout, /\npoll -4\npoll 0\n$/);
});

Deno.test("c: a stream that the guest closed is gone for it", async () => {
  const { code, stdout, stderr } = await run("c", "close");
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
  assert.equal(stderr, `close 0 -1 write ${EBADF}\n`);
});

Deno.test("c: a guest cannot name a folder without a grant", async () => {
  const lines = (await output("c", "ungranted")).trim().split("\n");
  assert.equal(lines.length, 12);
  for (const line of lines) assert.match(line, new RegExp(` ${EBADF}$`));
});
