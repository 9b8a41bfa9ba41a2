/**
 * Makes the system calls of `attempts.c` before and after this thread is confined without
 * directories, or with one, and prints one line of JSON: the two results of each, and the thread's own
 * status.
 *
 * Usage: calls.ts LIBRARY [foreign | files | arguments | NUMBERS]
 *
 * With `arguments`, it makes the calls that the list has for some arguments with all others, and prints
 * the names of those that are not refused, and of those that are although the list has them.
 * With NUMBERS, it makes all other calls by their number, and prints those that are not refused.
 */
import { fromCString } from "../../ffi/c_values.ts";
import { landlockVersion } from "../../ffi/mod.ts";
import { O, open } from "../support/libc.ts";
import { enterSandbox } from "../../runtime/sandbox.ts";

const [path = "", more] = Deno.args;
const library = Deno.dlopen(path, {
  prepare: { parameters: [], result: "void" },
  attempt_count: { parameters: [], result: "i32" },
  attempt_name: { parameters: ["i32"], result: "pointer" },
  attempt: { parameters: ["i32"], result: "i32" },
  attempt_foreign: { parameters: [], result: "i32" },
  sweep_arguments: { parameters: ["buffer", "i32"], result: "i32" },
  sweep_allowed: { parameters: ["buffer", "i32"], result: "i32" },
  filtered_name: { parameters: ["i32"], result: "pointer" },
  sweep: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
}).symbols;

const count = library.attempt_count();
const names = Array.from({ length: count }, (_, i) => fromCString(library.attempt_name(i)));
const attempts = () => names.map((_, i) => library.attempt(i));

// Loads the shim, which must open a file for that.
landlockVersion();
library.prepare();
const before = attempts();
library.prepare();
// Opened before: it shows the thread that opened it.
const status = Deno.openSync("/proc/thread-self/status");
const notices: string[] = [];
enterSandbox({
  grants: more === "files"
    ? [{ hostFd: open("/tmp", O.PATH | O.DIRECTORY), isWritable: true }]
    : [],
  isRequired: false,
  isAlone: true,
  onNotice: (text) => void notices.push(text),
});
if (more === "foreign") library.attempt_foreign();
if (more === "arguments") {
  const found = new Uint32Array(64);
  const names = (length: number) =>
    [...found.subarray(0, length)].map((i) => fromCString(library.filtered_name(i)));
  const passed = names(library.sweep_arguments(found, found.length));
  const refused = names(library.sweep_allowed(found, found.length));
  // deno-lint-ignore no-console
  console.log(JSON.stringify({ passed, refused }));
  Deno.exit(0);
}
if (more !== undefined && more !== "files") {
  const leftOut = Uint32Array.from(more.split(",").map(Number));
  const found = new Uint32Array(2048);
  const length = library.sweep(leftOut, leftOut.length, found, found.length);
  // deno-lint-ignore no-console
  console.log(JSON.stringify(length < 0 ? undefined : [...found.subarray(0, length)]));
  Deno.exit(0);
}
const after = attempts();
const text = new Uint8Array(8192);
const length = status.readSync(text) ?? 0;
const results = names.map((name, i) => ({ name, before: before[i], after: after[i] }));
// deno-lint-ignore no-console
console.log(
  JSON.stringify({
    results,
    notices,
    status: new TextDecoder().decode(text.subarray(0, length)),
  }),
);
