import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { privateMounts } from "../support/mounts.ts";
import { runBriefly, withTimeouts } from "../support/brief.ts";
import { BOOTSTRAP, runCli, WASM_BPF } from "../support/cli.ts";

async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  assert.ok(success, `${program} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Libraries that glibc itself consists of, and the compiler's, which Deno's base needs. */
const SYSTEM_LIBRARIES =
  /^(linux-vdso|libc|libm|libdl|libpthread|librt|libgcc_s|ld-linux-[\w-]+)\.so/;

Deno.test("the binary needs no library but the C library's own", async () => {
  const names = (await output("ldd", WASM_BPF)).trim().split("\n")
    .map((line) => line.trim().replace(/^.*\/(ld-linux)/, "$1"));
  assert.ok(names.length >= 3);
  for (const name of names) assert.match(name, SYSTEM_LIBRARIES);
});

Deno.test("the binary alone runs a guest with a read-only root and no /tmp", async () => {
  const before = await bpfState();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(WASM_BPF, `${folder}/wasm-bpf`);
    await Deno.copyFile(BOOTSTRAP, `${folder}/bootstrap.wasm`);
    // An empty read-only root with nothing but the two files, the C library, /proc and /sys, made
    // below /sys, which is a mount point everywhere. /proc is the host's, so that /proc/self is right.
    const script = `set -e
      root=/sys/fs/bpf; mount -t tmpfs none "$root"; cd "$root"
      mkdir -p app proc sys lib lib64 usr/lib
      mount --bind "$1" app; mount --bind /proc proc; mount --bind /sys sys
      mount --bind /lib lib
      if [ -d /lib64 ]; then mount --bind /lib64 lib64; fi
      mount -o remount,bind,ro app; mount -o remount,ro "$root"
      exec chroot "$root" /app/wasm-bpf --timeout "$2" /app/bootstrap.wasm`;
    const [unshare = "", ...args] = privateMounts("/sys");
    await withTimeouts(async (timeoutMs) => {
      const { code, stdout, stderr } = await new Deno.Command(unshare, {
        args: [...args, "/bin/sh", "-c", script, "sh", folder, `${timeoutMs}ms`],
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      assert.equal(code, 0, decoder.decode(stderr));
      assert.match(decoder.decode(stdout), /^TIME .*\n/);
      assert.equal(decoder.decode(stderr), "");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await untilNothingAdded(before);
});

/** Paths that a run may open, besides the module and the program itself. */
const EXPECTED_PATHS = [
  /^\/etc\/ld\.so\.(cache|preload)$/,
  /^\/(usr\/)?lib(64)?\//,
  // The machine, for V8 and tokio: processors, memory, control groups.
  /^\/proc\/(self|thread-self)\//,
  /^\/proc\/(cpuinfo|meminfo|stat|sys\/vm\/overcommit_memory|sys\/kernel\/.*|version_signature)$/,
  /^\/sys\/(fs\/cgroup|devices\/system\/cpu)\//,
  // The time zone, for JavaScript's dates.
  /^\/etc\/localtime$|^\/usr\/share\/zoneinfo\//,
  // What loading and attaching need.
  /^\/sys\/kernel\/(btf\/vmlinux|tracing|debug\/tracing)/,
  /^\/sys\/bus\/event_source\//,
  // Home folder of root, which has a policy: HOME could hide it.
  /^\/etc\/passwd$/,
  // Where libbpf looks for a BPF token (Linux 6.9), and where a part may be pinned.
  /^\/sys\/fs\/bpf(\/|$)/,
  // Holders of a part that the kernel takes long to free.
  /^\/proc(\/\d+\/(fd|fdinfo\/\d+|comm))?$/,
  /^\/dev\/(urandom|null)$/,
  /^events\//,
  // Of its own threads, from their folder.
  /^\d+\/status$/,
];

/**
 * Paths for loading and attaching, and memory for the statistics. V8's other threads look for the speed of
 * the clock when they have to wait for each other.
 */
const ERRANDS = new RegExp([
  ...['"/sys/kernel/(btf/vmlinux|tracing|debug/tracing)', '"/sys/fs/bpf["/]', '"events/'],
  ...['"/sys/devices/system/cpu/(possible|online)"', '"/sys/bus/event_source/'],
  // Where the kernel takes long to free a part, it is looked up who holds it.
  ...['"/proc(/\\d+/(fd|fdinfo/\\d+|comm))?"', '"/proc/thread-self/(mounts|fdinfo/\\d+)"'],
  ...['"/proc/(version_signature|self/statm)"', '"/sys/devices/system/cpu/cpu0/tsc_freq_khz"'],
].join("|"));

Deno.test("a run creates no file and reads no path that others could prepare", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = `${folder}/strace`;
    const through = ["strace", "-f", "-qq", "-e", "trace=%file,memfd_create", "-o", log];
    const { code, stderr } = await runBriefly([BOOTSTRAP], { through });
    assert.equal(code, 0, stderr);
    const lines = (await Deno.readTextFile(log)).split("\n");
    assert.ok(lines.some((line) => /memfd_create\("libbpf-shim"/.test(line)));
    const opened = lines.filter((line) => /\bopen(at2?|)\(/.test(line));
    assert.ok(opened.length > 5);
    for (const line of opened) {
      assert.doesNotMatch(line, /O_CREAT|O_WRONLY|O_RDWR.*(?<!\/proc\/self\/fd\/\d+)"/, line);
      const path = /"([^"]*)"/.exec(line)?.[1] ?? "";
      const known = path === BOOTSTRAP || path === WASM_BPF ||
        EXPECTED_PATHS.some((pattern) => pattern.test(path));
      assert.ok(known, `opens ${path}: ${line}`);
    }
    const changing = /\b(mkdir|mknod|rename|unlink|link|symlink|chmod|chown|mount)(at2?)?\(/;
    assert.deepEqual(lines.filter((line) => changing.test(line) && !/readlink/.test(line)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a run without grants opens nothing once it is confined, but what its errands take", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = `${folder}/strace`;
    const calls = "trace=open,openat,openat2,landlock_restrict_self";
    const through = ["strace", "-f", "-qq", "-e", calls, "-o", log];
    const { code, stderr } = await runBriefly(["--stats", BOOTSTRAP], {
      through,
    });
    assert.equal(code, 0, stderr);
    const lines = (await Deno.readTextFile(log)).split("\n");
    const wall = lines.findIndex((line) => /landlock_restrict_self/.test(line));
    assert.ok(wall > 0);
    const thread = /^\d+/.exec(lines[wall] ?? "")?.[0] ?? "?";
    const opens = lines.slice(wall + 1).filter((line) => /\bopen(at2?|)\(/.test(line));
    const threadOf = (pattern: RegExp) =>
      /^\d+/.exec(lines.find((line) => pattern.test(line)) ?? "")?.[0];
    const runner = threadOf(/"events\//);
    assert.notEqual(runner, thread);
    // Read ahead, once, by a thread that does nothing else and is gone then.
    const types = lines.filter((line) => /"\/sys\/kernel\/btf\/vmlinux"/.test(line));
    assert.equal(types.length, 1, types.join("\n"));
    assert.ok(![thread, runner].includes(threadOf(/btf\/vmlinux/)));
    for (const line of opens) {
      // The shim itself, from memory, when a function is compiled; V8, where threads wait for each
      // other, looks at processors.
      const isKnown = line.startsWith(`${thread} `)
        ? /"\/proc\/thread-self\/fd\/|"\/sys\/devices\/system\/cpu\/cpu0\/tsc_freq_khz"/.test(line)
        : line.startsWith(`${runner} `)
        ? ERRANDS.test(line)
        : /"\/sys\/(devices\/system\/cpu\/|kernel\/btf\/vmlinux")/.test(line);
      assert.ok(isKnown, line);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a run takes at most 90 MB of memory", async () => {
  const through = ["/usr/bin/time", "-f", "%M"];
  const { code, stderr } = await runBriefly([BOOTSTRAP], { through });
  assert.equal(code, 0);
  const kilobytes = Number(stderr.trim().split("\n").at(-1));
  assert.ok(kilobytes > 20_000 && kilobytes * 1024 <= 90e6, `${kilobytes} KiB`);
});

Deno.test("--version names what the binary is made of", async () => {
  const { code, stdout } = await runCli(["--version"]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^wasm-bpf \d+\.\d+\.\d+\ndeno 2\.\d+\.\d+\nv8 [\d.]+[\w-]*\nlibbpf 1\.\d+\.\d+\n$/,
  );
});

Deno.test("--help goes to standard output and fits a terminal of 80 columns", async () => {
  for (const args of [[], ["--help"], ["-h"], ["run", "--help"], ["--help", "run"]]) {
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^Runs WebAssembly modules/);
    assert.ok(stdout.split("\n").every((line) => line.length <= 80));
  }
});

Deno.test("run passes words after the module to the guest", async () => {
  const { code, stdout } = await runCli([BOOTSTRAP, "-h", "--version", "--timeout", "1s"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: bootstrap /);
});
