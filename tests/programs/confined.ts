/**
 * Confines itself to `FOLDER/readonly` and `FOLDER/writable`, attempts system calls, and prints one
 * line of JSON: the result of each attempt, or its negative errno.
 *
 * Usage: confined.ts FOLDER PORT
 */
import { kernel, system } from "../../ffi/mod.ts";
import { enterSandbox } from "../../runtime/sandbox.ts";
import { AT_FDCWD, call, loopback, O, open as openFile } from "../support/libc.ts";

const [folder = "", port = ""] = Deno.args;
const parent = Deno.ppid;

const open = (path: string, flags: number): number => {
  const fd = openFile(path, flags | O.CLOEXEC | O.NONBLOCK);
  return fd < 0 ? fd : call("close", fd);
};
const inside = (name: string) => `${folder}/writable/${name}`;
const readOnly = (name: string) => `${folder}/readonly/${name}`;
const outside = (name: string) => `${folder}/outside/${name}`;
const rename = (from: string, to: string) => call("renameat", AT_FDCWD, from, AT_FDCWD, to);
const link = (from: string, to: string) => call("linkat", AT_FDCWD, from, AT_FDCWD, to, 0);

const socket = call("socket", 2, 1, 0);

/** Calls a function of a TCP socket with an address of 127.0.0.1. */
function tcp(name: "bind" | "connect", to: number): number {
  return call(name, socket, loopback(to), 16);
}

function permission(name: Deno.PermissionName): string {
  return Deno.permissions.querySync({ name }).state;
}

/** Returns facts that the host looks up after a failure, which reads files. */
function facts(): unknown[] {
  return [
    kernel.hasOption("CONFIG_BPF"),
    kernel.hasLsm("landlock"),
    kernel.hasEventSource("uprobe"),
    kernel.hasTracefs(),
    system.residentBytes() > 1e6,
  ];
}

const held = call("openat", AT_FDCWD, outside("file"), O.RDONLY, 0);
const place = call("openat", AT_FDCWD, outside("file"), O.PATH, 0);
const folderPlace = call("openat", AT_FDCWD, outside("."), O.PATH | O.DIRECTORY, 0);
const grants = [["readonly", false], ["writable", true]] as const;
const notices: string[] = [];
const before = facts();
enterSandbox({
  grants: grants.map(([name, isWritable]) => ({
    hostFd: call("openat", AT_FDCWD, `${folder}/${name}`, O.PATH | O.DIRECTORY, 0),
    isWritable,
  })),
  isRequired: false,
  isAlone: true,
  onNotice: (text) => void notices.push(text),
});

const results = {
  "read inside": open(inside("file"), O.RDONLY),
  "list inside": open(inside("."), O.RDONLY | O.DIRECTORY),
  "write inside": open(inside("file"), O.WRONLY | O.TRUNC),
  "create inside": open(inside("new"), O.WRONLY | O.CREAT),
  "make a folder inside": call("mkdirat", AT_FDCWD, inside("folder"), 0o700),
  "move between folders inside": rename(inside("new"), inside("folder/new")),
  "link inside": link(inside("folder/new"), inside("linked")),
  "remove inside": call("unlinkat", AT_FDCWD, inside("linked"), 0),
  "truncate inside": call("truncate", inside("file"), 1n),
  "read read-only": open(readOnly("file"), O.RDONLY),
  "list read-only": open(readOnly("."), O.RDONLY | O.DIRECTORY),
  "write read-only": open(readOnly("file"), O.WRONLY),
  "truncate read-only by open": open(readOnly("file"), O.RDONLY | O.TRUNC),
  "truncate read-only": call("truncate", readOnly("file"), 1n),
  "create read-only": open(readOnly("new"), O.WRONLY | O.CREAT),
  "remove read-only": call("unlinkat", AT_FDCWD, readOnly("file"), 0),
  "move out of read-only": rename(readOnly("file"), inside("taken")),
  "move into read-only": rename(inside("file"), readOnly("given")),
  "link from read-only to writable": link(readOnly("file"), inside("same")),
  "read outside": open(outside("file"), O.RDONLY),
  "list outside": open(outside("."), O.RDONLY | O.DIRECTORY),
  "write outside": open(outside("file"), O.WRONLY),
  "create outside": open(outside("new"), O.WRONLY | O.CREAT),
  "make a folder outside": call("mkdirat", AT_FDCWD, outside("folder"), 0o700),
  "make a link outside": call("symlinkat", "file", AT_FDCWD, outside("link")),
  "remove outside": call("unlinkat", AT_FDCWD, outside("file"), 0),
  "truncate outside": call("truncate", outside("file"), 1n),
  "move to outside": rename(inside("file"), outside("taken")),
  "move from outside": rename(outside("file"), inside("taken")),
  "link to outside": link(inside("file"), outside("linked")),
  "link from outside": link(outside("file"), inside("linked")),
  "link an open descriptor from outside": call(
    "linkat",
    held,
    "",
    AT_FDCWD,
    inside("held"),
    0x1000,
  ),
  "link a place of outside": call("linkat", place, "", AT_FDCWD, inside("placed"), 0x1000),
  "link by /proc/self/fd": call(
    "linkat",
    ...[AT_FDCWD, `/proc/self/fd/${held}`, AT_FDCWD, inside("magic"), 0x400] as const,
  ),
  "open by a place of outside": call("openat", folderPlace, "file", O.RDONLY, 0),
  "remove by a place of outside": call("unlinkat", folderPlace, "file", 0),
  "move by a place of outside": call("renameat", folderPlace, "file", AT_FDCWD, inside("got")),
  "follow a link to outside": open(inside("to-outside"), O.RDONLY),
  "go up to outside": open(inside("../outside/file"), O.RDONLY),
  "open /proc/self/root": open(`/proc/self/root${outside("file")}`, O.RDONLY),
  "open an open descriptor again": open(`/proc/self/fd/${held}`, O.RDONLY),
  "read /etc/passwd": open("/etc/passwd", O.RDONLY),
  "read /proc/self/environ": open("/proc/self/environ", O.RDONLY),
  "read the memory of the process": open("/proc/self/mem", O.RDWR),
  "write /dev/null": open("/dev/null", O.WRONLY),
  "make a device inside": call("mknod", inside("zero"), 0o020600, 0x105n),
  "make a FIFO inside": call("mknod", inside("fifo"), 0o010600, 0n),
  "mount inside": call("mount", "none", inside("folder"), "tmpfs", 0n, null),
  "run a program": call("execv", "/bin/true", new Uint8Array(8)),
  "bind": tcp("bind", 0),
  "connect": tcp("connect", Number(port)),
  "signal another process": call("kill", parent, 0),
  "signal itself": call("kill", Deno.pid, 0),
};
const permissions = Object.fromEntries(
  (["read", "write", "net", "env", "run", "sys", "ffi"] as const).map((name) => [
    name,
    permission(name),
  ]),
);
const after = facts();
// deno-lint-ignore no-console
console.log(JSON.stringify({ results, permissions, notices, before, after }));
