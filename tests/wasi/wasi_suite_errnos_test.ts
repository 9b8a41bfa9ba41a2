/**
 * Check that the conformance suite covers every errno: those that the specification names, and
 * those that the manual pages of Linux list for the underlying system call. Exceptions have a
 * reason.
 */
import assert from "node:assert/strict";
import { WASI_SIGNATURES } from "../../runtime/signatures.ts";
import { WASI_FUNCTIONS } from "../../runtime/wasi/mod.ts";
import { SUITE_MODULES, suiteSource } from "../support/wasi_suite.ts";

/** Errnos of every path on the way to a name. */
const PATH = "EACCES EBADF EFAULT EILSEQ EINVAL ELOOP ENAMETOOLONG ENOENT ENOTCAPABLE ENOTDIR";

/** By function: of the specification, of POSIX's page for the call that it is like, and of Linux's. */
const LISTED: Readonly<Record<string, string>> = {
  "args_get": "EFAULT",
  "args_sizes_get": "EFAULT",
  "environ_get": "EFAULT",
  "environ_sizes_get": "EFAULT",
  "clock_res_get": "EINVAL EFAULT",
  "clock_time_get": "EINVAL EFAULT",
  "fd_advise": "EBADF EINVAL ESPIPE ENOTCAPABLE",
  "fd_allocate": "EBADF EFBIG EINTR EINVAL EIO ENODEV ENOSPC ESPIPE ENOTCAPABLE",
  "fd_close": "EBADF EINTR EIO",
  "fd_datasync": "EBADF EINVAL EIO ENOTCAPABLE",
  "fd_fdstat_get": "EBADF EFAULT",
  "fd_fdstat_set_flags": "EBADF EINVAL ENOTSUP ENOTCAPABLE",
  "fd_fdstat_set_rights": "EBADF ENOTCAPABLE",
  "fd_filestat_get": "EBADF EFAULT ENOTCAPABLE",
  "fd_filestat_set_size": "EBADF EFBIG EINVAL EIO ENOTCAPABLE",
  "fd_filestat_set_times": "EACCES EBADF EINVAL EPERM EROFS ENOTCAPABLE",
  "fd_pread": "EBADF EFAULT EINVAL EIO EISDIR ESPIPE ENOTCAPABLE",
  "fd_prestat_get": "EBADF EFAULT",
  "fd_prestat_dir_name": "EBADF EFAULT ENAMETOOLONG",
  "fd_pwrite": "EBADF EFAULT EFBIG EINVAL EIO ENOSPC ESPIPE ENOTCAPABLE",
  "fd_read": "EAGAIN EBADF EFAULT EINTR EIO EISDIR ENOTCAPABLE",
  "fd_readdir": "EBADF EFAULT ENOTDIR ENOTCAPABLE",
  "fd_renumber": "EBADF",
  "fd_seek": "EBADF EFAULT EINVAL EOVERFLOW ESPIPE ENOTCAPABLE",
  "fd_sync": "EBADF EINVAL EIO ENOTCAPABLE",
  "fd_tell": "EBADF EFAULT ESPIPE ENOTCAPABLE",
  "fd_write": "EAGAIN EBADF EFAULT EFBIG EINTR EIO ENOSPC EPIPE ENOTCAPABLE",
  "path_create_directory": `${PATH} EEXIST EMLINK ENOSPC EROFS`,
  "path_filestat_get": PATH,
  "path_filestat_set_times": `${PATH} EPERM EROFS`,
  "path_link": `${PATH} EEXIST EMLINK ENOSPC EPERM EROFS EXDEV`,
  "path_open": `${PATH} EEXIST EISDIR EMFILE ENFILE ENOSPC ENXIO EROFS ETXTBSY`,
  "path_readlink": PATH,
  "path_remove_directory": `${PATH} EBUSY ENOTEMPTY EROFS`,
  "path_rename": `${PATH} EBUSY EISDIR EMLINK ENOSPC ENOTEMPTY EROFS EXDEV`,
  "path_symlink": `${PATH} EEXIST ENOSPC EROFS`,
  "path_unlink_file": `${PATH} EISDIR EROFS`,
  "poll_oneoff": "EFAULT EINVAL",
  "proc_exit": "",
  "proc_raise": "EINVAL ENOTSUP",
  "sched_yield": "",
  "random_get": "EFAULT",
  "sock_accept": "EAGAIN EBADF EFAULT EINVAL EMFILE ENFILE ENOTCAPABLE ENOTSOCK",
  "sock_recv": "EAGAIN EBADF ECONNRESET EFAULT EINTR EINVAL ENOTCAPABLE ENOTCONN ENOTSOCK",
  "sock_send": "EAGAIN EBADF EFAULT EINTR EINVAL ENOTCAPABLE ENOTCONN ENOTSOCK EPIPE",
  "sock_shutdown": "EBADF EINVAL ENOTCAPABLE ENOTCONN ENOTSOCK",
};

/** Why no module asks for some. */
const NOT_TO_BE_HAD: readonly { readonly errnos: RegExp; readonly because: string }[] = [
  { errnos: /EIO$/, because: "it takes a disk that fails" },
  { errnos: /ENFILE$/, because: "it takes a machine without a descriptor left" },
  { errnos: /EMLINK$/, because: "file systems have room for 65,000 names and more" },
  {
    errnos: /^(fd_allocate|fd_close|fd_read|fd_write|sock_recv|sock_send) EINTR$/,
    because:
      "an interrupt ends a wait as the end of input, or short; tests/wasi/wasi_test.ts has them",
  },
  {
    errnos: /^fd_allocate ENODEV$/,
    because: "a folder and a pipe have no right to be allocated in, nor a device: ENOTCAPABLE",
  },
  {
    errnos: /^fd_write EFBIG$/,
    because:
      "it takes a file as long as the file system allows; fd_pwrite asks for it by the offset",
  },
  {
    errnos: /^path_rename ENOSPC$/,
    because: "it takes a folder that has to grow for a name, on a disk that is full to the block",
  },
  {
    errnos: /^sock_accept EMFILE$/,
    because: "descriptors end in one place, which many_descriptors asks by path_open",
  },
];

/** Names by which modules call a function through one of their own. */
const ALIASES: Readonly<Record<string, string>> = { "open": "path_open", "poll": "poll_oneoff" };

/** The errnos that a text expects of calls, as "function errno". */
function expectations(text: string): string[] {
  const plain = text.replaceAll(/\s+/g, " ");
  const checks = plain.matchAll(/\bCHECK(?:_EITHER)?\( ?(\w+), (?:(E?[A-Z]\w+), )?(\w+)\(/g);
  return [...checks].flatMap(([, one = "", other, call = ""]) => {
    const name = ALIASES[call] ?? call;
    return [one, ...(other === undefined ? [] : [other])].map((errno) =>
      `${name} ${errno === "OUTSIDE" ? "ENOTCAPABLE" : errno}`
    );
  });
}

/** Errnos that `check_paths()` expects of every function that it is given. */
function pathExpectations(): string[] {
  const text = suiteSource("paths.h").replaceAll(/\bAS\((\w+), call,/g, "CHECK($1, call(");
  return expectations(text).map((one) => one.slice(one.indexOf(" ") + 1));
}

/** The functions that a module hands to `check_paths()`. */
function pathFunctions(text: string): string[] {
  return [...text.matchAll(/check_paths\((\w+)\)/g)].map(([, wrapper = ""]) => {
    const [, name] = new RegExp(`static int ${wrapper}\\([^]*?\\breturn (\\w+)\\(`).exec(text) ??
      [];
    assert.ok(name !== undefined, `check_paths(${wrapper})`);
    return name;
  });
}

function seen(): Set<string> {
  const ofPaths = pathExpectations();
  assert.ok(ofPaths.length > 15);
  return new Set(SUITE_MODULES.flatMap((module) => {
    const text = suiteSource(`${module}.c`);
    return [
      ...expectations(text),
      ...pathFunctions(text).flatMap((name) => ofPaths.map((errno) => `${name} ${errno}`)),
    ];
  }));
}

Deno.test("wasi suite: every function has its errnos listed", () => {
  assert.deepEqual(Object.keys(LISTED).sort(), [...WASI_FUNCTIONS].sort());
});

Deno.test("wasi suite: every function has a module of its name, sockets one together", () => {
  const without = WASI_FUNCTIONS.filter((name) => !SUITE_MODULES.includes(name));
  assert.deepEqual(without.sort(), ["sock_accept", "sock_recv", "sock_send", "sock_shutdown"]);
  for (const name of without) assert.ok(suiteSource("sock.c").includes(`, ${name}(`), name);
});

Deno.test("wasi suite: every errno that is listed is asked for, or has a reason", () => {
  const asked = seen();
  const missing = Object.entries(LISTED).flatMap(([name, errnos]) =>
    errnos.split(" ").filter((errno) => errno !== "").map((errno) => `${name} ${errno}`)
  ).filter((one) => !asked.has(one));
  const reasons = NOT_TO_BE_HAD.map(({ errnos }) => errnos);
  assert.deepEqual(missing.filter((one) => !reasons.some((reason) => reason.test(one))), []);
  // And no reason outlives what it was for.
  assert.deepEqual(reasons.filter((reason) => !missing.some((one) => reason.test(one))), []);
});

Deno.test("wasi suite: every function succeeds somewhere", () => {
  const asked = seen();
  const never = WASI_FUNCTIONS.filter((name) => !asked.has(`${name} SUCCESS`));
  // The one does not return, the others are called by what all modules share.
  assert.deepEqual(never.filter((name) => !/^(proc_exit)$/.test(name)), []);
});

/** Comment above each function of `runtime/wasi/`, by name. */
function documentation(): Map<string, string> {
  const folder = new URL("../../runtime/wasi/", import.meta.url);
  const texts = [...Deno.readDirSync(folder)].filter(({ name }) => /^\w+(?<!_test)\.ts$/.test(name))
    .map(({ name }) => Deno.readTextFileSync(new URL(name, folder)));
  const comments = texts.flatMap((text) => [
    ...text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s+"([a-z_]+)":/g),
  ]);
  return new Map(comments.map(([, comment = "", name = ""]) => [name, comment]));
}

Deno.test("wasi suite: the comment of every function names its errnos", () => {
  const documented = documentation();
  const missing = Object.entries(LISTED).flatMap(([name, errnos]) =>
    errnos.split(" ").filter((errno) =>
      errno !== "" && !new RegExp(`\\b${errno}\\b`).test(documented.get(name) ?? "")
    ).map((errno) => `${name} ${errno}`)
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(WASI_FUNCTIONS.filter((name) => !documented.has(name)), []);
});

Deno.test("wasi suite: the comment of every function has its effect, parameters and errors", () => {
  const documented = documentation();
  for (const name of WASI_FUNCTIONS) {
    const comment = (documented.get(name) ?? "").replaceAll(/\s+\* ?/g, " ");
    assert.match(comment, /^ [A-Z][a-z]+s /, `${name}: a verb comes first`);
    // An errno and its case, the function with the same errors, or that it has none.
    assert.match(comment, /\bE[A-Z0-9]{3,}[^:]*: |\bErrors |does not fail/, `${name}: errors`);
    const hasParameters = !WASI_SIGNATURES[name]?.startsWith(":");
    if (hasParameters) assert.match(comment, /`\w+`|Parameters/, `${name}: parameters`);
    // Guest memory that a function is given is read or written.
    if (LISTED[name]?.includes("EFAULT")) {
      assert.match(comment, /\b(written|read|[Rr]eads|[Ww]rites)\b/, `${name}: memory`);
    }
  }
});
