/** Runs of the conformance suite's modules that need more than an empty folder. */
import assert from "node:assert/strict";
import { privateMounts } from "./mounts.ts";
import type { SuiteRun } from "./wasi_suite.ts";

const NOBODY = 65534;

const ARGUMENTS: SuiteRun = { args: ["one", "", "é"] };
const ENVIRONMENT: SuiteRun = { env: { "A": "1", "EMPTY": "", "ODD": "a=b" } };

/** A second folder, which nothing is done in. */
const TWO_FOLDERS: SuiteRun = {
  prepare: async (folder) => await Deno.mkdir(`${folder}/second`),
  second: { host: "second", guest: "/data/second" },
};

/** Arguments of a program in another language. */
const PROGRAM: SuiteRun = {
  args: ["one", "", "é"],
  env: { "A": "1", "ODD": "a=b" },
  stdin: { text: "first\n\nlast", closed: true },
  verify: (folder) => assert.deepEqual([...Deno.readDirSync(folder)], []),
};

/** The kind of file system that new folders are on; to modules that count on its numbers. */
async function fileSystem(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const { stdout } = await new Deno.Command("stat", { args: ["-f", "-c", "%T", folder] }).output();
  await Deno.remove(folder);
  return new TextDecoder().decode(stdout).trim();
}
const NUMBERS: SuiteRun = await fileSystem() === "overlayfs" ? { args: ["overlay"] } : {};

/**
 * A script that makes /sys the module's folder, from the prepared one in "$0". In a mount namespace of
 * its own; no eBPF program is loaded, so the real one is not needed.
 */
const mounted = (script: string): SuiteRun => ({
  root: "/sys",
  through: (folder) => [
    ...privateMounts("/sys"),
    ...["/bin/sh", "-ec", `${script}; exec "$@"`, folder],
  ],
});

/** By module; one that is run several times has a name for each. */
const RUNS: Readonly<Record<string, SuiteRun | readonly (readonly [string, SuiteRun])[]>> = {
  "args_get": ARGUMENTS,
  "args_sizes_get": ARGUMENTS,
  "big_offsets": {
    prepare: async (folder) => {
      await new Deno.Command("touch", { args: ["-d", "1969-07-20 20:17Z", `${folder}/ancient`] })
        .output();
    },
  },
  "environ_get": ENVIRONMENT,
  "environ_sizes_get": ENVIRONMENT,
  "fd_filestat_get": NUMBERS,
  "fd_prestat_dir_name": TWO_FOLDERS,
  "fd_prestat_get": TWO_FOLDERS,
  "full_disk": mounted("mount -t tmpfs -o size=64k,nr_inodes=12 none /sys"),
  "many_descriptors": [
    ["of its own", {}],
    ["of the host's", {
      through: () => ["/bin/sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"],
    }],
  ],
  "other_mount": mounted(
    "mount -t tmpfs none /sys; mkdir /sys/mount; mount -t tmpfs none /sys/mount; >/sys/mount/file",
  ),
  "fd_close": { prepare: makeFifoAndSocket },
  "fd_readdir": NUMBERS,
  "fd_renumber": { prepare: makeFifoAndSocket },
  "path_filestat_get": { prepare: makeFifoAndSocket },
  "permissions": {
    prepare: makeSealed,
    through: () => ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
  },
  "poll_hangup": { stdin: { text: "", closed: true } },
  "poll_oneoff": { stdin: { text: "12345", closed: false } },
  "proc_exit": [0, 1, 42, 125, 126, 128, 134, 255].map((code) =>
    [`with ${code}`, { args: [String(code)], code }] as const
  ),
  // 128 and the number that Linux has for the signal.
  "proc_raise": [
    ["of what comes back", { args: ["0"] }],
    ["of hup", { args: ["1"], code: 129 }],
    ["of kill", { args: ["9"], code: 137 }],
    ["of term", { args: ["15"], code: 143 }],
    ["of xcpu", { args: ["23"], code: 152 }],
    ["of sys", { args: ["30"], code: 159 }],
  ],
  "read_only_grant": {
    prepare: async (folder) => {
      await makeFileDirAndLink(folder, "file");
      await Deno.writeTextFile(`${folder}/dir/inner`, "12345");
    },
    readOnly: true,
    verify: (folder) => {
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assert.deepEqual(names.sort(), ["dir", "file", "link"]);
      for (const name of ["file", "dir/inner"]) {
        assert.equal(Deno.readTextFileSync(`${folder}/${name}`), "12345");
      }
    },
  },
  "read_only_mount": {
    prepare: (folder) => makeFileDirAndLink(folder, "nowhere"),
    ...mounted('mount -t tmpfs none /sys; cp -a "$0"/. /sys; mount -o remount,ro /sys'),
  },
  "readdir_changes": { prepare: makeOddNames },
  "running_program": { prepare: runProgram },
  "special_files": {
    prepare: async (folder) => {
      const prepared = await makeFifoAndSocket(folder);
      await new Deno.Command("mknod", { args: [`${folder}/null`, "c", "1", "3"] }).output();
      return prepared;
    },
  },
  "streams": { stdin: { text: "", closed: true } },
  "suite-fs": PROGRAM,
  "suite-libc": PROGRAM,
  "suite-raw": { env: { "A": "1" } },
  "wasi-suite-go": PROGRAM,
};

/** Modules that {@linkcode suiteRuns} has more than an empty folder for. */
export const SUITE_RUNS: readonly string[] = Object.keys(RUNS);

/** The runs of a module, each with what distinguishes it. */
export function suiteRuns(module: string): readonly (readonly [string, SuiteRun])[] {
  const runs = RUNS[module] ?? {};
  return "map" in runs ? runs : [["", runs]];
}

async function makeFileDirAndLink(folder: string, target: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/file`, "12345");
  await Deno.mkdir(`${folder}/dir`);
  await Deno.symlink(target, `${folder}/link`);
}

/** Makes the longest name, and one that is not UTF-8, which Deno's own functions could not make. */
async function makeOddNames(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/${"l".repeat(255)}`, "");
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-c", `>"$0/$(printf '\\377')"`, folder],
  }).output();
  assert.ok(success);
}

async function makeFifoAndSocket(folder: string): Promise<AsyncDisposable> {
  await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
  const socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
  return { [Symbol.asyncDispose]: async () => await Promise.resolve(socket.close()) };
}

/** Makes folders and files of root's in one of an unprivileged user. */
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
