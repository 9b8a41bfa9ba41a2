/** Names of WASI's errors, for people. */
import { ERRNO } from "../../ffi/mod.ts";
import { wasiErrno, type WasiErrnoName } from "../../runtime/wasi/errno.ts";

const NAMES = new Map(
  ([...Object.keys(ERRNO), "ENOTCAPABLE"] as WasiErrnoName[])
    .map((name) => [wasiErrno(name), name] as const)
    .filter(([number]) => number !== 0),
);

/** `wasiErrnoName(8)` is "EBADF". */
export function wasiErrnoName(number: number): string {
  return number === 0 ? "SUCCESS" : NAMES.get(number) ?? String(number);
}

/** Returns output of `tests/guests/escape`, with names in place of WASI's numbers. */
export function answersOf(stdout: string): string[] {
  return stdout.trimEnd().split("\n").map((line) =>
    line.replace(/^\d+/, (number) => wasiErrnoName(Number(number)))
  );
}
