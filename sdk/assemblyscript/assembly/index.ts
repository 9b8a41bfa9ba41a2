// SPDX-License-Identifier: MIT
/** eBPF from a WebAssembly guest of wasm-bpf, in AssemblyScript. */
export { Buffer } from "./buffer";
export {
  cString,
  E2BIG,
  EBADF,
  EEXIST,
  EFAULT,
  EINTR,
  EINVAL,
  ENOENT,
  ENOSPC,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
  lastError,
} from "./errno";
export { hostPid, localOffset } from "./host";
export { ANY, Batch, BpfMap, EXIST, NO_EXIST } from "./map";
export { BpfObject, detach, readIterator } from "./object";
export { Members, Records } from "./records";
export { args, exit, print, printError, realtimeNs, writeBytes } from "./wasi";
