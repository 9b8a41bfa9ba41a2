/** Words for places of uprobes that the shim refused. */
import { ProbeRefusal, probeRefusal } from "../ffi/mod.ts";
import type { AttachPlan } from "./attach_target.ts";

/** Reason after an errno's name, and hint. */
export interface Words {
  reason?: string;
  hint?: string;
}

const OFFSET_HINT = "the offset is the start of an instruction inside the function, " +
  "as objdump -d FILE shows them";

const WORDS: Readonly<Record<number, Words>> = {
  [ProbeRefusal.Offset]: {
    reason: "a uprobe at an offset writes to the code of every process",
    hint:
      "attach to the function's entry, or pass --allow-write-user (allowWriteUser) only if you " +
      "trust the module with every process's memory",
  },
  [ProbeRefusal.InsideInstruction]: {
    reason: "the offset is inside an instruction, which a breakpoint would change",
    hint: OFFSET_HINT,
  },
  [ProbeRefusal.UnknownInstruction]: {
    reason: "the function cannot be decoded up to the offset",
    hint: "attach to the function's entry: what is after an unknown instruction cannot be checked",
  },
  [ProbeRefusal.OutsideFunction]: {
    reason: "the offset is not inside the function's code",
    hint: OFFSET_HINT,
  },
  [ProbeRefusal.OwnExecutable]: {
    reason: "it is the executable of wasm-bpf itself",
    hint: "name the file of the program to trace; a module has no native functions",
  },
  [ProbeRefusal.Nameless]: {
    reason: "the file is in memory only, or was deleted",
    hint: "name a file that is there: restart a program whose file was replaced",
  },
  [ProbeRefusal.MagicLink]: {
    reason: "links of /proc/PID/fd and /proc/PID/map_files are not followed",
    hint: "name the file by its path, if need be under /proc/PID/root",
  },
  [ProbeRefusal.ProbePlace]: {
    reason: "a note names a place that is not a probe's no-op in code",
    hint: "readelf -n FILE lists the notes; this file's are damaged, or of another build",
  },
  [ProbeRefusal.Semaphore]: {
    reason: "a note names a semaphore that is not in section .probes",
    hint: "readelf -n FILE lists the notes; this file's are damaged, or of another build",
  },
};

/** Returns why the shim refused a uprobe's place, `undefined` where it did not. */
export function refusalInWords(plan: AttachPlan): Words | undefined {
  return "binary" in plan ? WORDS[probeRefusal()] : undefined;
}
