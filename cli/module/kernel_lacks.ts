/** Parts that an eBPF object needs and the running kernel lacks, as far as files show it. */
import { Buffer } from "node:buffer";
import { isOlder, type ObjectFacts, type ProgramFacts } from "../../ebpf/inspection/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { readKernelFile } from "../../runtime/machine.ts";
import { kernelRelease } from "./kernel_release.ts";

/** Types of the kernel and of its modules. */
const BTF = "/sys/kernel/btf";
const TRACEPOINTS = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];
const SECURITY_MODULES = "/sys/kernel/security/lsm";
/** Types of a kernel have 5 to 10 MB. */
const MAX_BYTES = 64 << 20;
const CPUS = "/sys/devices/system/cpu/possible";

/** Returns the number of possible CPUs, which per-CPU maps have a value for each of. */
export function possibleCpus(): number {
  const [, last] = /(\d+)\s*$/.exec(textOf(CPUS) ?? "") ?? [];
  return last === undefined ? 1 : Number(last) + 1;
}

/** Lists what is missing, such as `bpf_loop (Linux 5.17)`; what no file shows is left out. */
export function lacksOf({ kernel, programs }: ObjectFacts): string[] {
  const own = kernelRelease();
  const newer = own === undefined ? [] : kernel.needs.filter((need) => isOlder(own, need.version));
  return [
    ...newer.map(({ what, version }) => `${what} (Linux ${version})`),
    ...missingFunctions(programs).map((name) => `kernel function ${name}`),
    ...missingTracepoints(programs).map((name) => `tracepoint ${name}`),
    ...(programs.some(({ type }) => type === "lsm") && lacksLsm()
      ? ["bpf among the active security modules (boot option lsm=)"]
      : []),
  ];
}

function missingFunctions(programs: readonly ProgramFacts[]): string[] {
  const names = programs.flatMap(({ kfuncs }) => kfuncs).map((name) => name.replace(/___.*$/, ""));
  return absent(names);
}

/** The types of the kernel have one for each tracepoint except those of system calls. */
function missingTracepoints(programs: readonly ProgramFacts[]): string[] {
  const targets = [
    ...new Set(
      programs.filter(({ type, section }) =>
        type === "tracepoint" || type.startsWith("raw_tracepoint") || /^\??tp_btf\//.test(section)
      ).flatMap(({ target }) => target ?? []),
    ),
  ].filter((target) => /^([\w-]+\/)?\w+$/.test(target));
  const typeOf = (target: string) => `btf_trace_${target.slice(target.lastIndexOf("/") + 1)}`;
  const missing = new Set(absent(targets.map(typeOf)));
  const root = TRACEPOINTS.find((path) => namesIn(path).length > 0);
  return targets.filter((target) =>
    target.startsWith("syscalls/")
      ? root !== undefined && !isThere(`${root}/${target}`)
      : missing.has(typeOf(target))
  );
}

/** Returns the names that neither the kernel's BTF nor that of a module has. */
function absent(names: readonly string[]): string[] {
  const wanted = new Set(names.filter((name) => /^\w+$/.test(name)));
  const files = namesIn(BTF).sort((a, b) => Number(b === "vmlinux") - Number(a === "vmlinux"));
  // A kernel without types shows nothing.
  if (files.length === 0) return [];
  for (const file of files) {
    if (wanted.size === 0) break;
    const bytes = bytesOf(`${BTF}/${file}`);
    // A name may be in a file that cannot be read.
    if (bytes === undefined) return [];
    for (const name of wanted) if (bytes.includes(`\0${name}\0`)) wanted.delete(name);
  }
  return [...wanted];
}

function lacksLsm(): boolean {
  const active = textOf(SECURITY_MODULES);
  return active !== undefined && !active.trim().split(",").includes("bpf");
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function textOf(path: string): string | undefined {
  const bytes = bytesOf(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Deno itself opens no file of the kernel with the rights of the compiled program. */
function bytesOf(path: string): Buffer | undefined {
  try {
    const { buffer, byteOffset, length } = readKernelFile(path, { maxBytes: MAX_BYTES });
    return Buffer.from(buffer, byteOffset, length);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
