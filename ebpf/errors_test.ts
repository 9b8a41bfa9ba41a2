import assert from "node:assert/strict";
import { BpfError } from "./errors.ts";

Deno.test("a BpfError keeps libbpf's and the kernel's own numbers from guests", () => {
  for (const [number, guestErrno] of [[1, 1], [133, 133], [524, 95], [512, 22], [4005, 22]]) {
    const error = new BpfError("load", -(number ?? 0));
    assert.deepEqual([error.errno, error.guestErrno], [number, guestErrno]);
  }
});
