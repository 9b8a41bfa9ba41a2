/** Facts about processes, from /proc. */
import { readKernelFile } from "../runtime/machine.ts";
import { supervision } from "../runtime/supervision.ts";
import type { ProcessId } from "./run_files.ts";

const MAX_BYTES = 1 << 20;
/** Clock ticks a second in /proc: USER_HZ, which is the same on all architectures. */
const TICKS = 100;
const PAGE_BYTES = 4096;
/** Descriptors of bpf(2) and perf_event_open(2) that attach programs. */
const ATTACHED = /bpf[-_]link|perf_event|raw-tracepoint/;

/** Resources of a process, and its eBPF objects. */
export interface Usage {
  /** Seconds of CPU time of all threads. */
  readonly cpuSeconds: number;
  /** Bytes of memory. */
  readonly residentBytes: number;
  /** Loaded programs. */
  readonly programs: number;
  /** Maps. */
  readonly maps: number;
  /** Attachments that are links. */
  readonly links: number;
  /** Kernel memory of programs and maps. */
  readonly kernelBytes: number;
  /** Runs of programs, and their nanoseconds: 0 unless `kernel.bpf_stats_enabled` is 1. */
  readonly runs: number;
  /** Nanoseconds of these runs. */
  readonly runNs: number;
}

/** Returns the identity of a process; undefined if it has ended. */
export function identify(pid: number): ProcessId | undefined {
  const start = supervision.startTime(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Reports whether a process still runs. */
export function isAlive({ pid, start }: ProcessId): boolean {
  return supervision.startTime(pid) === start;
}

/** Returns the identity of this boot. */
export function bootId(): string {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

/** Reports whether a process has something attached. */
export function hasAttached(pid: number): boolean {
  return descriptors(pid).some(({ target }) => ATTACHED.test(target));
}

/** Returns the resources of a process; undefined if it has ended. */
export function usageOf(pid: number): Usage | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const memory = readProc(`/proc/${pid}/statm`);
  if (stat === undefined || memory === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const seen = new Map<string, string>();
  for (const { info, target } of descriptors(pid)) {
    if (!/bpf/.test(target)) continue;
    const text = readProc(info) ?? "";
    const id = /^(prog|map|link)_id:\s*(\d+)$/m.exec(
      text.replace(/^link_type[^]*?\nlink_id/, "link_id"),
    );
    if (id !== null) seen.set(`${id[1]}${id[2]}`, text);
  }
  const count = (kind: string) => [...seen.keys()].filter((key) => key.startsWith(kind)).length;
  const sum = (field: string) =>
    [...seen.values()].reduce(
      (sum, text) => sum + Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? 0),
      0,
    );
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    residentBytes: Number(memory.split(" ")[1]) * PAGE_BYTES,
    programs: count("prog"),
    maps: count("map"),
    links: count("link"),
    kernelBytes: sum("memlock"),
    runs: sum("run_cnt"),
    runNs: sum("run_time_ns"),
  };
}

/** Returns the descriptors of all threads: a guest's thread has a table of its own. */
function descriptors(pid: number): { target: string; info: string }[] {
  return names(`/proc/${pid}/task`).flatMap((thread) =>
    names(`/proc/${pid}/task/${thread}/fd`).flatMap((fd) => {
      try {
        const target = Deno.readLinkSync(`/proc/${pid}/task/${thread}/fd/${fd}`);
        return [{ target, info: `/proc/${pid}/task/${thread}/fdinfo/${fd}` }];
      } catch {
        return [];
      }
    })
  );
}

function names(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Returns the text of a file of the kernel; undefined if it cannot be read. */
export function readProc(path: string): string | undefined {
  try {
    return new TextDecoder().decode(readKernelFile(path, { maxBytes: MAX_BYTES }));
  } catch {
    return undefined;
  }
}
