/** Tools of the box: each is stirred, and must show it. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import type { KernelCase } from "../support/kernel_vm.ts";
import { columnsOf, readmeColumns } from "../support/tool_readme.ts";

/**
 * Run of a tool that must print a line, until it is interrupted; without a warning.
 *
 * @param more `columns` replace those of the tool's README, an empty text skips them
 */
export function tool(
  name: string,
  until: string,
  more: Pick<KernelCase, "stir" | "prepare" | "modules"> & {
    options?: string;
    columns?: string;
  },
): KernelCase {
  const { options = "", columns: given, ...rest } = more;
  const ofOptions = given === "" ? undefined : given?.split(" ");
  const columns = given === undefined ? readmeColumns(name) : ofOptions;
  return {
    name: `tool ${name}`,
    run: `${name} ${options}`.trimEnd(),
    files: [ACTOR],
    until,
    ...rest,
    check: ({ code, stdout, stderr }) => {
      if (columns !== undefined) {
        assert.deepEqual(columnsOf(stdout), columns, stderr);
      }
      assert.match(stdout, new RegExp(until, "m"), stderr);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    },
  };
}

/** Run of a tool with letters of other tools, which must print a title and a line. */
function letters(
  run: string,
  title: string,
  until: string,
  more: Pick<KernelCase, "stir" | "prepare" | "modules"> = {},
): KernelCase {
  return {
    name: `tool ${run}`,
    run: `--interval 1s ${run}`,
    files: [ACTOR],
    until,
    ...more,
    check: ({ code, stdout, stderr }) => {
      assert.match(stdout, new RegExp(title, "m"), stderr);
      assert.match(stdout, new RegExp(until, "m"), stderr);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    },
  };
}

/** Disk in memory, and requests to it. */
const DISK = {
  modules: ["loop"],
  prepare: "[ -e /tmp/disk ] || { dd if=/dev/zero of=/tmp/disk bs=1M count=4 && " +
    "losetup /dev/loop0 /tmp/disk; }",
  stir: "dd if=/dev/zero of=/dev/loop0 bs=4k count=4 conv=fsync",
};

/** Gives a file to another user. */
export const OWN = "touch /tmp/owned; chown 1 /tmp/owned; rm /tmp/owned";

/** Control group that is selected; processes are in one below it. */
const GROUP = "/sys/fs/cgroup/chosen";
const JOIN = `mkdir -p ${GROUP}/below; echo $$ >${GROUP}/below/cgroup.procs`;

/** Makes a cgroup of 8 MiB: the emulator takes seconds to swap what does not fit. */
const LIMITED = "mkdir -p /sys/fs/cgroup/limited; " +
  "echo +memory >/sys/fs/cgroup/cgroup.subtree_control; " +
  "echo 8M >/sys/fs/cgroup/limited/memory.max";

/** Runs of the tools. */
export const TOOL_CASES: readonly KernelCase[] = [
  tool("execsnoop", "ls +[0-9]+ +[0-9]+ +0 .*ls /$", { stir: "/bin/ls /" }),
  tool("opensnoop", "cat +[0-9]+ .*/proc/version$", { stir: "cat /proc/version" }),
  tool("tcpconnlat", "actor +4 +127.0.0.1", { stir: "/actor connection" }),
  tool("tcpstates", "actor .*127.0.0.1", { stir: "/actor connection" }),
  tool("exitsnoop", " sh .* 3 +0 ", {
    stir: 'sh -c "exit 3"',
    options: "--failed",
  }),
  tool("sigsnoop", "sh +SIGTERM +[0-9]+ sh +DELIVERED", {
    stir: "sh -c 'kill -TERM $$'",
    options: "--signal 15",
  }),
  tool("mountsnoop", "UMOUNT +[^ ]+ .* /tmp/mounted$", {
    stir: "mkdir -p /tmp/mounted; mount -t tmpfs none /tmp/mounted; umount /tmp/mounted",
  }),
  tool("bindsnoop", "actor .* 127.0.0.1$", {
    stir: "/actor connection",
  }),
  tool("fsyncsnoop", " FSYNC +1 ", {
    stir: "dd if=/dev/zero of=/tmp/written bs=1k count=1 conv=fsync",
  }),
  tool("capable", " chown .* CAP_CHOWN ", { stir: OWN }),
  tool("tcplife", " actor .* 127.0.0.1 ", {
    stir: "/actor connection",
  }),
  tool("syscount", "^openat +[1-9]", { stir: "cat /proc/version", options: "--interval 2s" }),
  tool("vfsstat", "^MKDIR +[1-9]", {
    stir: "mkdir /tmp/made; rmdir /tmp/made",
    options: "--interval 2s",
  }),
  tool("statsnoop", " stat .* 0 +/proc/version$", { stir: "stat /proc/version" }),
  tool("filelife", " rm .* short$", { stir: "echo 1 >/tmp/short; rm /tmp/short" }),
  tool("filetop", " dd +[1-9].* wasm-bpf$", {
    stir: "dd if=/wasm-bpf of=/dev/null bs=64k count=10",
  }),
  letters("filetop -r 100", "^ +PID COMM ", " actor +1 +1 .* vectors$", { stir: "/actor vectors" }),
  // The kernel has ten probes of returns: calls that wait keep them all.
  letters(
    "--without fexit_read --without fexit_write filetop -r 100",
    "^ +PID COMM ",
    " dd +[1-9].* wasm-bpf$",
    {
      // time: nothing shows that the readers wait; where they do not yet, the case asks for less.
      stir: "for i in $(seq 20); do (sleep 3 | cat) & done; usleep 300000; " +
        "dd if=/wasm-bpf of=/dev/null bs=64k count=10",
    },
  ),
  tool("cachestat", "^[1-9][0-9]* ", { stir: "cat /wasm-bpf" }),
  tool("biosnoop", " dd .* loop0 +WRITE ", { ...DISK, options: "--disk loop" }),
  tool("biolatency", " : [1-9]", { ...DISK, options: "--interval 1s" }),
  tool("bitesize", " : [1-9]", { ...DISK, options: "--name dd --interval 1s" }),
  tool("biopattern", "^loop0 .* [1-9]", DISK),
  tool("biotop", " dd +WRITE +loop0 +[1-9]", DISK),
  letters("bitesize -c dd -T", "^comm = dd$", " : [1-9]", DISK),
  tool("runqlen", " : [1-9]", { options: "--interval 1s" }),
  tool("runqslower", "^[0-9:]+ .*us|ms ", { options: "--min-us 1", stir: "usleep 1000" }),
  tool("cpudist", " : [1-9]", { options: "--interval 1s", stir: "usleep 1000" }),
  tool("softirqs", "^TIMER +[1-9]", { options: "--interval 1s" }),
  // The console's: other serial ports carry the results.
  tool("hardirqs", "^[^ ]+ .*[1-9]", { options: "--interval 1s", stir: "echo >/dev/console" }),
  letters("softirqs -C 1", "^SOFTIRQ +COUNT$", "^TIMER +[1-9][0-9]*$"),
  letters("softirqs -NT 1", "^TIME +SOFTIRQ +COUNT +TOTAL_NS$", " TIMER +[0-9]+ +[1-9][0-9]+$"),
  letters("hardirqs -C 1", "^HARDIRQ +COUNT$", " [1-9][0-9]*$", { stir: "echo >/dev/console" }),
  letters("hardirqs -dNT 1", "^ +nsecs +:", " : [1-9]", { stir: "echo >/dev/console" }),
  letters(`softirqs -c ${GROUP} 1`, "^SOFTIRQ +COUNT", "^[A-Z_]+ +[1-9]", {
    prepare: `mkdir -p ${GROUP}`,
    stir: `${JOIN}; /actor spin`,
  }),
  letters(`biolatency -d loop -c ${GROUP} 1`, "^ +usecs", " : [1-9]", {
    ...DISK,
    prepare: `mkdir -p ${GROUP}; ${DISK.prepare}`,
    stir: `${JOIN}; ${DISK.stir}`,
  }),
  letters(`exitsnoop --cgroup ${GROUP}`, "PID", " cat ", {
    prepare: `mkdir -p ${GROUP}`,
    stir: `${JOIN}; cat /proc/version`,
  }),
  tool("futexctn", " [a-z0-9-]+ +0x[0-9a-f]+ +[1-9]", {
    options: "--interval 1s",
    stir: "timeout -s INT 1 /wasm-bpf --timeout 100ms exitsnoop",
  }),
  tool("pagefaults", " actor +[1-9]", { options: "--interval 1s", stir: "/actor query" }),
  tool("swapin", " tail +[1-9]", {
    modules: ["loop"],
    prepare: `${LIMITED}; [ -e /tmp/swap ] || { dd if=/dev/zero of=/tmp/swap bs=1M count=64 &&
      losetup /dev/loop1 /tmp/swap && mkswap /dev/loop1 && swapon /dev/loop1; }`,
    stir: "echo $$ >/sys/fs/cgroup/limited/cgroup.procs; head -c 12m /dev/zero | tail -c 10m",
  }),
  tool("oomkill", " tail +[0-9]", {
    prepare: `${LIMITED}; swapoff -a`,
    stir: "echo $$ >/sys/fs/cgroup/limited/cgroup.procs; tail -c 100m /dev/zero",
  }),
  tool("modulesnoop", " LOAD +dummy +numdummies=2 ?$", {
    modules: ["dummy"],
    stir: "rmmod dummy; insmod /run/dummy.ko numdummies=2",
  }),
  tool("tcpconnect", " actor .* 127.0.0.1 +7777$", { stir: "/actor connection" }),
  letters(
    "tcpconnect -cs -P 7777",
    "^FAMILY LADDR +LPORT DADDR +DPORT CONNECTS$",
    // Only the tracepoint has no local port.
    "127.0.0.1 +[1-9][0-9]* 127.0.0.1 +7777 +1$",
    { stir: "/actor connection" },
  ),
  tool("tcpaccept", " actor .* 127.0.0.1 +7777$", { stir: "/actor connection" }),
  tool("tcptop", " actor .* 7777 +[1-9]", { stir: "/actor connection" }),
  tool("udptop", " actor .* [1-9][0-9]* B$", { stir: "/actor datagrams" }),
  tool("solisten", " actor +0 .* TCP +2 +7777 ", { stir: "/actor connection" }),
  tool("tcpretrans", " RETRANSMIT +2 +127.0.0.1 .* 7779 +SYN_SENT$", { stir: "/actor retransmit" }),
  tool("tcpdrop", " 127.0.0.1 +7778 .* SYN ", { stir: "/actor refused" }),
  tool("gethostlatency", " actor .* localhost$", { stir: "/actor lookup" }),
  tool("bashreadline", " actor +echo typed$", { options: "--shell /actor", stir: "/actor line" }),
  tool("sslsniff", " actor +WRITE +14 .* GET / HTTP/1.1$", {
    options: "--openssl /actor",
    stir: "/actor tls",
  }),
  tool("dnssnoop", " actor +RESPONSE +2 +127.0.0.1 +0x1234 A +NXDOMAIN .* example.org$", {
    stir: "/actor query",
  }),
  tool("lsmguard", " mount +MOUNT +REFUSED +guarded$", {
    options: "--action MOUNT --deny",
    stir: "mkdir -p /tmp/guarded; mount -t tmpfs none /tmp/guarded; umount /tmp/guarded",
  }),
  tool("profile", " actor ", { options: "--name actor --interval 1s", stir: "/actor spin" }),
  tool("offcputime", " actor ", { options: "--name actor --interval 1s", stir: "/actor nap" }),
  tool("wakeuptime", " actor ", { options: "--name actor --interval 1s", stir: "/actor nap" }),
  // The command ends the run.
  tool("memleak", " actor +12 kB +1$", { options: "-- /actor leak", stir: "usleep 500000" }),
  {
    ...tool("memleak", "alloc", { options: "--interval 1s", stir: "cat /proc/version" }),
    name: "tool memleak of the kernel",
    check: ({ code, stdout, stderr }) => {
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.deepEqual(columnsOf(stdout), ["BYTES", "COUNT"]);
      assert.match(stdout, /^ +\w*alloc\w*\+0x/m);
    },
  },
  letters(
    "memleak -a -T 20 -- /actor leak",
    "^ +PID +COMM +ADDRESS +BYTES +AGE_NS$",
    " actor +0x[0-9a-f]+ +12 kB +[0-9.]+m?s$",
    { stir: "usleep 500000" },
  ),
  letters("memleak --older 1 -T 3", "^ +BYTES +COUNT$", "^ +[a-z_]*alloc[a-z_]*\\+0x"),
  letters("memleak -aT 3", "^MEMORY +ADDRESS +BYTES +AGE_NS$", "^[A-Z]+ +0x[0-9a-f]+ .*[0-9]m?s$"),
  tool("llcstat", " actor +[0-9]+ +[1-9]", {
    // The emulated processor counts no references.
    options: "--attach on_reference=software:cpu-clock@99 " +
      "--attach on_miss=software:cpu-clock@99 --interval 1s",
    stir: "/actor spin",
  }),
  {
    name: "tool llcstat without counters",
    run: "--timeout 1s llcstat",
    check: ({ code, stdout, stderr }) => {
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, stderr);
      assert.match(stderr, /on_reference.*ENOENT.*\n.*on_miss.*ENOENT/);
      assert.match(stderr, /^hint: /m);
    },
  },
  tool("xdpstat", "^IPV4 +UDP +[1-9]", { options: "--iface lo", stir: "/actor query" }),
];
