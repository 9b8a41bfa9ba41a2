/**
 * The conformance suite: `tests/guests/wasi-suite-c`, one module a function of WASI preview 1 and some
 * for what is about several. A module prints the line, the call, the errno that was expected and the
 * one that came, of each check that fails.
 *
 * What the specification leaves open is as WebAssembly/wasi-testsuite expects it of wasmtime on Linux;
 * the reason stands beside the check.
 */
import assert from "node:assert/strict";
import { privateMounts } from "./support/mounts.ts";
import { CliProcess } from "./support/cli.ts";
import { until } from "./support/condition.ts";
import {
  ALL_HELD,
  runSuiteModule,
  SUITE_MODULES,
  suitePath,
  type SuiteRun,
} from "./support/wasi_suite.ts";

/** Runs of a module that takes more than an empty folder; several have names. */
type Runs = SuiteRun | { readonly runs: Readonly<Record<string, SuiteRun>> };

const NOBODY = 65534;

const ARGUMENTS: SuiteRun = { args: ["one", "", "é"] };
const ENVIRONMENT: SuiteRun = {
  options: () => ["--env", "A=1", "--env", "EMPTY=", "--env", "ODD=a=b"],
};

/** A second folder, which nothing is done in. */
const TWO_FOLDERS: SuiteRun = {
  prepare: async (folder) => await Deno.mkdir(`${folder}/second`),
  options: (folder) => ["--dir", `${folder}/second::/data/second`],
};

/**
 * A script that makes /sys the module's folder, from the prepared one in "$0". In a mount namespace of
 * its own; no program of eBPF is loaded, so nobody misses the real one.
 */
const mounted = (script: string): SuiteRun => ({
  root: "/sys",
  through: (folder) => [
    ...privateMounts("/sys"),
    ...["/bin/sh", "-ec", `${script}; exec "$@"`, folder],
  ],
});

const RUNS: Readonly<Record<string, Runs>> = {
  "args_get": ARGUMENTS,
  "args_sizes_get": ARGUMENTS,
  "environ_get": ENVIRONMENT,
  "environ_sizes_get": ENVIRONMENT,
  "fd_prestat_dir_name": TWO_FOLDERS,
  "fd_prestat_get": TWO_FOLDERS,
  "full_disk": mounted("mount -t tmpfs -o size=64k,nr_inodes=12 none /sys"),
  "other_mount": mounted(
    "mount -t tmpfs none /sys; mkdir /sys/mount; mount -t tmpfs none /sys/mount; >/sys/mount/file",
  ),
  "path_filestat_get": { prepare: makeFifoAndSocket },
  "permissions": {
    prepare: makeSealed,
    through: () => ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
  },
  "poll_hangup": { stdin: { text: "", closed: true } },
  "poll_oneoff": { stdin: { text: "12345", closed: false } },
  "proc_exit": {
    runs: Object.fromEntries(
      [0, 1, 42, 125, 126, 128, 134, 255].map((code) => [
        `with ${code}`,
        { args: [String(code)], code },
      ]),
    ),
  },
  "proc_raise": {
    runs: {
      "of what comes back": { args: ["0"] },
      // 128 and the number that Linux has for it.
      ...Object.fromEntries(
        Object.entries({ hup: [1, 1], kill: [9, 9], term: [15, 15], xcpu: [23, 24], sys: [30, 31] })
          .map(([name, [signal = 0, linux = 0]]) => [
            `of ${name}`,
            { args: [String(signal)], code: 128 + linux },
          ]),
      ),
    },
  },
  "read_only_grant": {
    prepare: async (folder) => {
      await Deno.mkdir(`${folder}/dir`);
      await Deno.writeTextFile(`${folder}/file`, "12345");
      await Deno.symlink("file", `${folder}/link`);
    },
    readOnly: true,
    verify: (folder) => {
      const names = [...Deno.readDirSync(`${folder}`)].map(({ name }) => name);
      assert.deepEqual(names.sort(), ["dir", "file", "link"]);
      assert.equal(Deno.readTextFileSync(`${folder}/file`), "12345");
    },
  },
  "read_only_mount": {
    prepare: async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "12345");
      await Deno.mkdir(`${folder}/dir`);
      await Deno.symlink("nowhere", `${folder}/link`);
    },
    ...mounted('mount -t tmpfs none /sys; cp -a "$0"/. /sys; mount -o remount,ro /sys'),
  },
  "running_program": { prepare: runProgram },
  "special_files": {
    prepare: async (folder) => {
      const prepared = await makeFifoAndSocket(folder);
      await new Deno.Command("mknod", { args: [`${folder}/null`, "c", "1", "3"] }).output();
      return prepared;
    },
  },
};

async function makeFifoAndSocket(folder: string): Promise<AsyncDisposable> {
  await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
  const socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
  return {
    [Symbol.asyncDispose]: async () => await Promise.resolve(socket.close()),
  };
}

/** Folders and files of root's in one that is nobody's. */
async function makeSealed(folder: string): Promise<void> {
  await Deno.chown(folder, NOBODY, NOBODY);
  await Deno.mkdir(`${folder}/shown/dir`, { recursive: true });
  await Deno.mkdir(`${folder}/sealed`);
  await Deno.writeTextFile(`${folder}/sealed/file`, "");
  await Deno.writeTextFile(`${folder}/shown/file`, "12345");
  await Deno.writeTextFile(`${folder}/secret`, "");
  await Deno.chmod(`${folder}/sealed`, 0o700);
  await Deno.chmod(`${folder}/secret`, 0o600);
}

async function runProgram(folder: string): Promise<AsyncDisposable> {
  await Deno.copyFile("/bin/sleep", `${folder}/program`);
  const child = new Deno.Command(`${folder}/program`, { args: ["60"] }).spawn();
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** The module that {@linkcode talk} runs. */
const SOCKETS = "sock";

for (const module of SUITE_MODULES.filter((name) => name !== SOCKETS)) {
  const entry = RUNS[module] ?? {};
  const runs = "runs" in entry ? entry.runs : { "": entry };
  for (const [name, run] of Object.entries(runs)) {
    Deno.test(`wasi suite: ${module} ${name}`.trimEnd(), () => runSuiteModule(module, run));
  }
}

Deno.test("wasi suite: every run is one of a module", () => {
  assert.deepEqual(Object.keys(RUNS).filter((name) => !SUITE_MODULES.includes(name)), []);
});

/** Reads from a connection until a text ends with what is waited for. */
async function readTo(connection: Deno.Conn, end: string): Promise<void> {
  const buffer = new Uint8Array(64);
  let text = "";
  while (!text.endsWith(end)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`the module ended the connection behind ${text}`);
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
      ["-v", "--timeout", "20s", "--dir", `${folder}::/`, ...listen, ...listen, suitePath(SOCKETS)],
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
