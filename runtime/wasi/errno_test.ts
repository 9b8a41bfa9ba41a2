import assert from "node:assert/strict";
import { errno, errnoName } from "../../ffi/errno.ts";
import { fromResult, wasiErrno, type WasiErrnoName } from "./errno.ts";

/** `errno` of the specification, "0, 1, …" in this order. */
const SPECIFICATION = `success 2big acces addrinuse addrnotavail afnosupport again already badf
  badmsg busy canceled child connaborted connrefused connreset deadlk destaddrreq dom dquot exist
  fault fbig hostunreach idrm ilseq inprogress intr inval io isconn isdir loop mfile mlink msgsize
  multihop nametoolong netdown netreset netunreach nfile nobufs nodev noent noexec nolck nolink nomem
  nomsg noprotoopt nospc nosys notconn notdir notempty notrecoverable notsock notsup notty nxio
  overflow ownerdead perm pipe proto protonosupport prototype range rofs spipe srch stale timedout
  txtbsy xdev notcapable`.split(/\s+/);

function ourName(name: string): WasiErrnoName {
  if (name === "success") return "SUCCESS";
  // WASI has one number for what Linux calls ENOTSUP and EOPNOTSUPP, which are one there too.
  return (name === "notsup" ? "EOPNOTSUPP" : `E${name.toUpperCase()}`) as WasiErrnoName;
}

Deno.test("wasiErrno() gives the specification's numbers", () => {
  assert.equal(SPECIFICATION.length, 77);
  SPECIFICATION.forEach((name, number) => {
    assert.equal(wasiErrno(ourName(name)), number, name);
  });
});

Deno.test("wasiErrno() has a name of Linux for every error but ENOTCAPABLE", () => {
  for (const name of SPECIFICATION.map(ourName)) {
    if (name === "SUCCESS" || name === "ENOTCAPABLE") continue;
    const number = errno(name);
    assert.equal(errnoName(number), name);
    assert.equal(fromResult(-number), wasiErrno(name), name);
  }
});

Deno.test("fromResult() of success is 0, whatever it counted", () => {
  assert.deepEqual([0, 1, 2 ** 31].map(fromResult), [0, 0, 0]);
});

Deno.test("fromResult() is EIO for what WASI has no number for", () => {
  for (const result of [-errno("ENOTBLK"), -errno("ENODATA"), -524, -999, -4001]) {
    assert.equal(fromResult(result), wasiErrno("EIO"), String(result));
  }
});
