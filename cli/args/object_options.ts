/** Options of plain eBPF objects and packages. */
import type { OptionSpec } from "./options.ts";

export const OBJECT_OPTIONS = {
  "attach": {
    argument: "PROGRAM=TARGET",
    repeatable: true,
    help: "attach an object's program there, such as handle=eth0 or probe=libc.so.6:malloc; " +
      "repeatable",
  },
  "iface": {
    argument: "NAME",
    repeatable: true,
    help: "attach programs of network interfaces to this one; repeatable",
  },
  "only": { argument: "PROGRAM,...", repeatable: true, help: "load these programs alone" },
  "without": { argument: "PROGRAM,...", repeatable: true, help: "leave these programs out" },
  "require-all": { help: "fail when a program of the object cannot be attached" },
  "set": {
    argument: "VARIABLE=VALUE",
    repeatable: true,
    help: "set a global variable of the object; SELF is the number of wasm-bpf's process; " +
      "repeatable",
  },
  "pid": { short: "p", argument: "PID", help: "trace this process, where the object can" },
  "event": {
    argument: "[MAP=]TYPE",
    repeatable: true,
    help: "say what the records of MAP are: a struct's name, or '{int pid; char comm[16];}'; " +
      "repeatable",
  },
  "types": {
    argument: "FILE",
    repeatable: true,
    help: "look for structs of --event in a header, object or BTF file, too; repeatable",
  },
  "map": { argument: "MAP,...", repeatable: true, help: "show these maps as tables" },
  "map-size": {
    argument: "MAP=NUMBER",
    repeatable: true,
    help: "set how many entries a map has; repeatable",
  },
  "key-as": { argument: "NAME", help: "name the column of keys that are not structs" },
  "per-cpu": { help: "show each CPU's values of per-CPU maps, not their sum" },
  "clear": { help: "delete the entries of tables at each interval" },
  "printk": { help: "also show lines that programs print" },
  "no-printk": { help: "do not show lines that programs print" },
  "object": { argument: "FILE", help: "object of a skeleton in JSON (default: next to it)" },
  "meta": { argument: "FILE", help: "metadata of an object, such as gadget.yaml" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option of objects. */
export type ObjectOption = keyof typeof OBJECT_OPTIONS;
