/** Opens what a guest is given: folders, files for its standard streams, listening sockets. */
import { describeErrno, errno, errnoName, files, grants, type Interrupt } from "../../ffi/mod.ts";
import { GrantError } from "../errors.ts";
import type { Preopen, RunOptions, Stdio } from "../run_options.ts";
import { Descriptor, type FdTable } from "./fd_table.ts";
import { FileType } from "./filestat.ts";
import {
  ALL_RIGHTS,
  CHANGING_RIGHTS,
  DIRECTORY_RIGHTS,
  Right,
  SOCKET_RIGHTS,
  STREAM_RIGHTS,
  WRITING_RIGHTS,
} from "./rights.ts";

/** The options that this is about. */
export type GrantOptions =
  & Pick<
    RunOptions,
    "env" | "preopens" | "listen" | "stdio" | "onNotice"
  >
  & {
    /** Ends the wait for the reader of a FIFO. */
    readonly interrupt?: Interrupt | undefined;
  };

/**
 * Adds to `fds` what the options give: folders from 3 on, then sockets, in their order.
 *
 * @throws {GrantError} for what cannot be given; what was opened before is in `fds` then; `EINTR` when
 *   the interrupt came first
 */
export function openGrants(fds: FdTable, options: GrantOptions): void {
  const { env = {}, preopens = [], listen = [], stdio = {}, interrupt, onNotice } = options;
  checkEnvironment(env);
  checkNames(preopens);
  for (const preopen of preopens) add(fds, openFolder(preopen));
  for (const address of listen) {
    const socket = openListener(address);
    add(fds, socket);
    onNotice?.(`listening at ${address}: port ${grants.port(socket.hostFd)}`);
  }
  for (const [fd, name] of (["stdin", "stdout", "stderr"] as const).entries()) {
    const stream = stdio[name];
    if (typeof stream !== "object" || !("file" in stream)) continue;
    fds.replace(fd, openStream(stream.file, name, { stdio, interrupt }));
  }
}

function add(fds: FdTable, descriptor: Descriptor): void {
  if (fds.add(descriptor) >= 0) return;
  descriptor.close();
  throw new GrantError("Cannot give that many folders and sockets", { code: "EMFILE" });
}

function checkEnvironment(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (/^[^=\0]+$/.test(name) && !value.includes("\0")) continue;
    throw new GrantError(`Cannot set the environment variable ${JSON.stringify(name)}`, {
      code: "ENVIRONMENT",
      hint: "a name has at least one character and no =, and neither it nor the value a NUL",
    });
  }
}

function checkNames(preopens: readonly Preopen[]): void {
  const seen = new Set<string>();
  for (const { host, guest } of preopens) {
    if (host === "" || guest === "" || `${host}${guest}`.includes("\0")) {
      throw new GrantError(
        `Cannot grant the folder ${JSON.stringify(host)}: a path must not be empty`,
        {
          code: "PREOPEN",
          hint: "name the folder, and what it is called for the module",
        },
      );
    }
    const name = guestName(guest);
    if (seen.has(name)) {
      throw new GrantError(`Cannot grant ${host}: the module has a folder ${name} already`, {
        code: "PREOPEN",
        hint: "give each folder a path of its own, as in HOST::GUEST",
      });
    }
    seen.add(name);
  }
}

/** Without slashes at its end: `/data/` is `/data`. */
function guestName(guest: string): string {
  return guest.replace(/(?<=.)\/+$/, "");
}

function openFolder({ host, guest, readOnly = false }: Preopen): Descriptor {
  const hostFd = grants.directory(host);
  if (hostFd < 0) throw noFolder(host, hostFd);
  const taken = readOnly ? CHANGING_RIGHTS : 0;
  return new Descriptor({
    hostFd,
    type: FileType.Directory,
    rights: DIRECTORY_RIGHTS & ~taken,
    // C's library requests no more rights than it finds here; it needs a writing right for writes
    // to be refused.
    inheriting: ALL_RIGHTS & ~taken | WRITING_RIGHTS,
    isReadOnly: readOnly,
    preopen: new TextEncoder().encode(guestName(guest)),
    release: files.close,
  });
}

const FOLDER_PROBLEMS = new Map<string, { reason: string; hint: string }>([
  ["ENOENT", { reason: "there is no such folder", hint: "create it first, or check the path" }],
  ["ENOTDIR", { reason: "it is not a folder", hint: "grant the folder that holds it" }],
  ["EACCES", { reason: "permission denied", hint: "check who may read the folder" }],
  ["ENOSYS", {
    reason: "this kernel cannot keep paths inside a folder",
    hint: "it takes openat2(2), which Linux has since 5.6",
  }],
]);

function noFolder(host: string, result: number): GrantError {
  const code = errnoName(result) ?? "EIO";
  const { reason = describeErrno(result), hint } = FOLDER_PROBLEMS.get(code) ?? {};
  return new GrantError(`Cannot grant ${host}: ${reason}`, { code, hint });
}

/** `HOST:PORT`, the host perhaps in brackets. */
const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

function openListener(address: string): Descriptor {
  const [, bracketed, plain, port = ""] = ADDRESS.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65535) {
    throw new GrantError(`Cannot listen at ${address}: it is not HOST:PORT`, {
      code: "LISTEN",
      hint: "write it like 127.0.0.1:8080 or [::1]:8080; a port is at most 65535",
    });
  }
  const hostFd = grants.listener(host, port);
  if (hostFd < 0) throw noListener(address, hostFd);
  return new Descriptor({
    hostFd,
    type: FileType.SocketStream,
    rights: SOCKET_RIGHTS,
    release: files.close,
  });
}

const LISTEN_PROBLEMS = new Map<string, { reason: string; hint: string }>([
  ["ENOENT", { reason: "no such host", hint: "give an address of this machine" }],
  ["EADDRINUSE", { reason: "address already in use", hint: "choose another port" }],
  ["EADDRNOTAVAIL", {
    reason: "not an address of this machine",
    hint: "list the machine's addresses with ip address",
  }],
  ["EACCES", {
    reason: "permission denied",
    hint: "run as root, or choose a port of 1024 or more",
  }],
]);

function noListener(address: string, result: number): GrantError {
  const code = errnoName(result) ?? "EIO";
  const { reason = describeErrno(result), hint } = LISTEN_PROBLEMS.get(code) ?? {};
  return new GrantError(`Cannot listen at ${address}: ${reason}`, { code, hint });
}

/** Both outputs in one file must not write over each other. */
function isShared({ stdout, stderr }: Stdio): boolean {
  return typeof stdout === "object" && typeof stderr === "object" && stdout.file === stderr.file;
}

function openStream(
  path: string,
  name: "stdin" | "stdout" | "stderr",
  { stdio, interrupt }: { stdio: Stdio; interrupt: Interrupt | undefined },
): Descriptor {
  const writes = name !== "stdin";
  const use = !writes ? "read" : isShared(stdio) ? "append" : "write";
  const hostFd = grants.file(path, use, interrupt);
  if (hostFd === -errno("EINTR")) {
    throw new GrantError(`Cannot write ${path} as ${name}: it has no reader yet`, {
      code: "EINTR",
      hint: "start the reader first",
    });
  }
  if (hostFd < 0) {
    const verb = writes ? "write" : "read";
    throw new GrantError(`Cannot ${verb} ${path} as ${name}: ${describeErrno(hostFd)}`, {
      code: errnoName(hostFd) ?? "EIO",
      hint: writes ? "check that its folder is there and may be written" : "check the path",
    });
  }
  return new Descriptor({
    hostFd,
    isStream: true,
    rights: (writes ? Right.FdWrite : Right.FdRead) | STREAM_RIGHTS,
    release: files.close,
  });
}
