/** Grants of the command line to a guest, and errors when they cannot be made. */
import assert from "node:assert/strict";
import { CliProcess, type CliResult, guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";

const GRANTS = guestPath("grants");

function run(options: string[], ...args: string[]): Promise<CliResult> {
  return runCli([...options, GRANTS, ...args]);
}

/** Standard output of a run that must succeed in silence. */
async function output(options: string[], ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(options, ...args);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

/** A run that ends before the guest starts, with one error. */
async function refused(code: number, pattern: RegExp, ...options: string[]): Promise<void> {
  const { code: exit, stdout, stderr } = await run(options, "folders");
  assert.deepEqual({ exit, stdout }, { exit: code, stdout: "" }, stderr);
  assert.match(stderr, pattern);
  assert.equal(stderr.match(/^error: /gm)?.length, 1, stderr);
  assert.match(stderr, /^hint: /m);
}

/** Runs with the standard streams of `script`; the program and its arguments are "$@". */
function inShell(script: string, options: string[], ...args: string[]): Promise<CliResult> {
  return runCli([...options, GRANTS, ...args], { through: ["/bin/sh", "-c", script, "sh"] });
}

Deno.test("a module has no folder without --dir", async () => {
  assert.equal(await output([], "folders"), "");
  const { code, stdout } = await run([], "read", "/etc/passwd");
  assert.deepEqual([code, /^error/.test(stdout)], [1, true]);
});

Deno.test("--dir gives folders in their order, by the names that they were given", async () => {
  using folder = new TestFolder();
  await Deno.mkdir(folder.at("a::b"));
  const options = [
    ...[folder.path, `${folder.path}::/data`, `${folder.path}::/deep/er/::ro`],
    ...[`${folder.path}/::.`, `${folder.at("a::b")}::/colons`, "/proc::ro"],
  ].flatMap((text) => ["--dir", text]);
  assert.equal(
    await output(options, "folders"),
    [
      `folder ${folder.path} rw`,
      "folder /data rw",
      "folder /deep/er ro",
      "folder . rw",
      "folder /colons rw",
      "folder /proc ro",
      "",
    ].join("\n"),
  );
});

Deno.test("--dir of a relative folder is called what it was called", async () => {
  using folder = new TestFolder();
  await Deno.mkdir(folder.at("data"));
  await Deno.writeTextFile(folder.at("data/file"), "text\n");
  const options = { cwd: folder.path };
  for (const [grant, path] of [["data", "data/file"], [".", "data/file"]] as const) {
    const { code, stdout } = await runCli(["--dir", grant, GRANTS, "read", path], options);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "text\n" });
  }
});

Deno.test("--dir lets nothing else be reached, through links and .. either", async () => {
  using folder = new TestFolder();
  await Deno.mkdir(folder.at("in"));
  await Deno.writeTextFile(folder.at("secret"), "secret\n");
  await Deno.symlink("../secret", folder.at("in/up"));
  await Deno.symlink(folder.at("secret"), folder.at("in/absolute"));
  for (const path of ["/in/up", "/in/absolute", "/in/../secret", folder.at("secret")]) {
    const { code, stdout } = await run(["--dir", `${folder.at("in")}::/in`], "read", path);
    assert.deepEqual([code, stdout], [1, "error Capabilities insufficient\n"], path);
  }
});

Deno.test("--dir ::ro cannot be written to, the same folder without it can", async () => {
  using folder = new TestFolder();
  const both = ["--dir", `${folder.path}::/ro::ro`, "--dir", `${folder.path}::/rw`];
  const { code, stdout } = await run(both, "write", "/ro/file");
  assert.deepEqual([code, stdout], [1, "error Capabilities insufficient\n"]);
  await output(both, "write", "/rw/file");
  // By a library that asks for the rights that it sees, and creates nothing.
  assert.equal((await run(both, "append", "/ro/file")).stdout, "error Capabilities insufficient\n");
  assert.equal(await output(both, "read", "/ro/file"), "written\n");
});

Deno.test("--dir refuses anything but a folder, before the guest starts", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("file"), "");
  await refused(
    1,
    /Cannot grant .*missing: there is no such folder/,
    "--dir",
    folder.at("missing"),
  );
  await refused(1, /Cannot grant .*file: it is not a folder/, "--dir", folder.at("file"));
  await refused(1, /Cannot grant .*file\/x: it is not a folder/, "--dir", folder.at("file/x"));
  const twice = ["--dir", `${folder.path}::/a/`, "--dir", `/tmp::/a`];
  await refused(
    2,
    /Cannot use --dir "\/tmp::\/a": the module already has a directory "\/a"/,
    ...twice,
  );
});

Deno.test("--dir refuses a kernel that cannot keep paths inside, or will not", async () => {
  for (const [errno, pattern] of [["ENOSYS", /takes openat2\(2\)/], ["EPERM", /EPERM/]] as const) {
    const { code, stdout, stderr } = await runCli(["--dir", "/tmp::/a", GRANTS, "folders"], {
      through: ["strace", "-f", "-o", "/dev/null", "-e", `inject=openat2:error=${errno}`],
    });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: Cannot grant \/tmp: /m);
    assert.match(stderr, pattern);
  }
});

Deno.test("--dir refuses paths that are wrongly written: exit code 2", async () => {
  for (const text of ["/tmp::data", "/tmp::./data", "/tmp::..", "/tmp::/a::rw", "::/a", "/a::"]) {
    await refused(2, /Cannot use --dir/, "--dir", text);
  }
  await refused(2, /needs a value/, "--dir=");
});

Deno.test("--env sets variables, passes them on, and omits the rest", async () => {
  const env = { "WASM_BPF_ONE": "1", "WASM_BPF_TWO": "zwei =2", "WASM_BPF_THREE": "3" };
  const variables = async (...options: string[]) => {
    const { stdout } = await runCli([...options, guestPath("wasi-c"), "args"], { env });
    return stdout.split("\n").filter((line) => line.startsWith("env ")).map((line) =>
      line.slice(4)
    );
  };
  assert.deepEqual(
    await variables("--env", "A=b=c", "--env=EMPTY=", "--env", "WASM_BPF_TWO", "--env", "NOT_SET"),
    ["A=b=c", "EMPTY=", "WASM_BPF_TWO=zwei =2"],
  );
  const inherited = await variables("--inherit-env", "--env", "WASM_BPF_ONE=mine");
  assert.ok(inherited.includes("WASM_BPF_ONE=mine") && inherited.includes("WASM_BPF_THREE=3"));
  assert.equal(inherited.filter((entry) => entry.startsWith("WASM_BPF_ONE=")).length, 1);
  assert.deepEqual(await variables("--env", "A=1", "--env", "A=2"), ["A=2"]);
});

Deno.test("--env refuses invalid variables", async () => {
  await refused(2, /missing name/, "--env", "=value");
});

Deno.test("variables that are not UTF-8 reach the module byte for byte", async () => {
  const script = `BAD=$(printf 'a\\377') exec "$@"`;
  for (const option of [["--env", "BAD"], ["--inherit-env"]]) {
    const { code, stdout } = await new Deno.Command("/bin/sh", {
      args: [
        "-c",
        `${script} | od -An -tx1`,
        "sh",
        WASM_BPF,
        ...option,
        guestPath("wasi-c"),
        "args",
      ],
    }).output();
    assert.equal(code, 0);
    // "BAD=a\xff"
    assert.match(new TextDecoder().decode(stdout).replaceAll(/\s+/g, " "), /42 41 44 3d 61 ff/);
  }
});

Deno.test("--stdin, --stdout and --stderr are files", async () => {
  using folder = new TestFolder();
  const text = "line\n".repeat(100_000);
  await Deno.writeTextFile(folder.at("in"), text);
  await Deno.writeTextFile(folder.at("out"), "what was there before".repeat(100_000));
  const streams = ["in", "out", "err"].flatMap((name) => [`--std${name}`, folder.at(name)]);
  assert.equal(await output(streams, "echo"), "");
  assert.equal(await Deno.readTextFile(folder.at("out")), text);
  assert.equal(await Deno.readTextFile(folder.at("err")), `total ${text.length}\n`);
});

Deno.test("--stdout and --stderr may be one file: neither writes over the other", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("both"), "what was there before, and is longer than that");
  const both = ["--stdout", folder.at("both"), "--stderr", folder.at("both")];
  const { code } = await inShell(`printf 'text\\n' | "$@"`, both, "echo");
  assert.equal(code, 0);
  assert.equal(await Deno.readTextFile(folder.at("both")), "text\ntotal 5\n");
});

Deno.test("--stdin null is at its end; --stdout null and --stderr null take everything", async () => {
  const { code, stdout, stderr } = await inShell(
    `yes | head -c 1000 | "$@"`,
    ["--stdin", "null"],
    "echo",
  );
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "total 0\n" });
  const quiet = await inShell(
    `yes | head -c 1000000 | "$@"`,
    ["--stdout", "null", "--stderr=null"],
    "echo",
  );
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
});

Deno.test("standard input is a pipe, a file, or closed", async () => {
  const piped = await inShell(`yes | head -c 1000000 | "$@" | wc -c`, [], "echo");
  assert.deepEqual(piped.stdout.trim(), "1000000");
  const file = await inShell(`exec "$@" <"$1"`, ["--stdout=null"], "echo");
  assert.match(file.stderr, /^total \d{5,}$/m);
  const closed = await inShell(`exec "$@" <&-`, [], "echo");
  assert.deepEqual([closed.code, closed.stderr], [0, "total 0\n"]);
});

Deno.test("--stdin and --stdout refuse what cannot be opened", async () => {
  using folder = new TestFolder();
  await refused(1, /Cannot read .*missing as stdin: ENOENT/, "--stdin", folder.at("missing"));
  await refused(1, /Cannot read .* as stdin: EISDIR/, "--stdin", folder.path);
  await refused(1, /Cannot write .* as stdout: EISDIR/, "--stdout", folder.path);
  await refused(1, /Cannot write .* as stderr: ENOENT/, "--stderr", folder.at("missing/file"));
});

Deno.test("--max-memory is what a memory can grow to", async () => {
  const pages = async (size: string) =>
    Number(/pages (\d+)/.exec(await output(["--max-memory", size], "grow"))?.[1]);
  assert.ok(await pages("4M") <= 64 && await pages("4M") > 64 - 16);
  assert.ok(await pages("1MiB") <= 16);
  assert.ok(await pages(String(2 * 1024 * 1024 + 1)) <= 32);
});

Deno.test("--max-memory refuses invalid sizes, and modules that begin with more", async () => {
  for (const size of ["4MB", "lots", "-1", "0", "1K", "5G", "4 M"]) {
    await refused(2, /Cannot use --max-memory/, `--max-memory=${size}`);
  }
  await refused(1, /its memory begins with \d+ bytes, the limit is 65536/, "--max-memory=64K");
});

/** Returns a server's response, on a connection of its own. */
async function ask(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ port });
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite();
  return await new Response(connection.readable).text();
}

Deno.test("--listen grants a socket to accept on, after the folders", async () => {
  for (const [dirs, fd] of [[[], "3"], [["--dir", "/tmp"], "4"]] as const) {
    const options = [...dirs, "--listen", "127.0.0.1:0", "--verbose"];
    await using server = new CliProcess([...options, GRANTS, "serve", fd]);
    await server.waitFor(/^accepting$/m);
    // It was printed before, to another pipe.
    const port = () => /listening at 127\.0\.0\.1:0: port (\d+)/.exec(server.stderr)?.[1];
    await until("the port is printed", () => port() !== undefined);
    assert.equal(await ask(Number(port()), "hello"), "HELLO");
    assert.equal(await ask(Number(port()), "again"), "AGAIN");
    await until("it accepts", () => server.stdout.match(/accepting/g)?.length === 3);
    server.kill("SIGINT");
    const { code, stdout } = await server.result();
    assert.deepEqual([code, /^accept canceled$/m.test(stdout)], [0, true]);
  }
});

Deno.test("--listen refuses addresses that are invalid, or unavailable", async () => {
  for (
    const address of ["8080", "localhost", ":80", "localhost:", "a:b", "::1:80", "[::1]:99999"]
  ) {
    await refused(2, /Cannot use --listen ".*": not HOST:PORT/, "--listen", address);
  }
  await refused(1, /no such host/, "--listen", "no-such-host.invalid:80");
  await refused(1, /not an address of this machine/, "--listen", "192.0.2.1:0");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await refused(1, /address already in use/, "--listen", `127.0.0.1:${port}`);
});

for (
  const [what, options, args] of [["standard input", [], []], [
    "a FIFO in a folder",
    ["--dir", "/"],
    [
      "FIFO",
    ],
  ]] as const
) {
  Deno.test(`a poll of ${what} reports input, and ends with Ctrl-C`, async () => {
    using folder = new TestFolder();
    const fifo = folder.at("fifo");
    assert.ok((await new Deno.Command("mkfifo", { args: [fifo] }).output()).success);
    // Open for writing too, so that it never ends by itself.
    const through = ["/bin/sh", "-c", `exec "$@" <>"$0"`, fifo];
    const words = args.map(() => fifo);
    await using poller = new CliProcess([...options, GRANTS, "poll", ...words], { through });
    await poller.waitFor(/^polling$/m);
    await Deno.writeTextFile(fifo, "12345");
    await poller.waitFor(/^ready 1 read 5$/m);
    poller.kill("SIGINT");
    const { code, stdout } = await poller.result();
    assert.deepEqual([code, stdout], [0, "polling\nready 1 read 5\nready 1 read 0\n"]);
  });
}

Deno.test("grants are of the runs that name them: options of the module are left alone", async () => {
  const { code, stderr } = await runCli([GRANTS, "folders", "--dir", "/no/such/folder"]);
  assert.deepEqual([code, stderr], [0, ""]);
});
