/** Names that the host has for numbers: users, groups, kernel symbols. */
import { Btf } from "../../ebpf/btf/mod.ts";
import { enumNamesIn, type Resolvers } from "../../records/mod.ts";
import { KernelFile, readKernelFile } from "../../runtime/machine.ts";

/** Larger files are not those of a machine's own users. */
const MAX_BYTES = 4 << 20;
/** The kernel has some 200,000 symbols. */
const MAX_SYMBOLS_BYTES = 64 << 20;

/** Returns names by number from a file such as `/etc/passwd`; empty if it cannot be read. */
export function namesIn(path: string): Map<number, string> {
  const names = new Map<number, string>();
  const text = readText(path, MAX_BYTES);
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name === undefined || id === undefined || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

function readText(path: string, maxBytes: number): string {
  try {
    using file = Deno.openSync(path);
    const parts: Uint8Array[] = [];
    const chunk = new Uint8Array(1 << 18);
    let total = 0;
    for (let read = file.readSync(chunk); read !== null; read = file.readSync(chunk)) {
      parts.push(chunk.slice(0, read));
      total += read;
      if (total > maxBytes) return "";
    }
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return new TextDecoder().decode(bytes);
  } catch {
    return "";
  }
}

/** Native code of an eBPF program that is taken for granted. */
const MAX_PROGRAM_BYTES = 4096n;

/** Longer than any function of the kernel: an address so far from a symbol is of something else. */
const MAX_FUNCTION_BYTES = 0x4_0000n;
/** Ends of kernel code, which kallsyms lists as code. */
const ENDS = /^_e(init)?text$/;

/** Kernel symbols in order of their addresses. */
export class KernelSymbols {
  readonly #addresses: BigUint64Array;
  /** Names of functions; empty for data, and ends of code. */
  readonly #names: readonly string[];
  /** Addresses of eBPF programs, between which there are others that are not in the list. */
  readonly #programs: ReadonlySet<bigint>;

  /** @param text of `/proc/kallsyms` */
  constructor(text: string) {
    const symbols: { address: bigint; name: string }[] = [];
    const programs = new Set<bigint>();
    for (const line of text.split("\n")) {
      const match = /^([0-9a-f]{1,16}) ([A-Za-z]) (\S+)/.exec(line);
      if (match === null) continue;
      const address = BigInt(`0x${match[1]}`);
      // All zeros where kernel.kptr_restrict hides them.
      if (address === 0n) continue;
      const [, , type = "", name = ""] = match;
      symbols.push({ address, name: /^[tTwW]$/.test(type) && !ENDS.test(name) ? name : "" });
      if (line.endsWith("[bpf]")) programs.add(address);
    }
    symbols.sort((a, b) => a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
    this.#addresses = BigUint64Array.from(symbols, ({ address }) => address);
    this.#names = symbols.map(({ name }) => name);
    this.#programs = programs;
  }

  /** Returns the function that an address is in: `vfs_read+0x10`; undefined for one of data. */
  find(address: bigint): string | undefined {
    let [low, high] = [0, this.#addresses.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const start = this.#addresses[low - 1];
    if (start === undefined || address - start > MAX_FUNCTION_BYTES) return undefined;
    // It may be a program that was loaded after the list was read.
    if (this.#programs.has(start) && address - start > MAX_PROGRAM_BYTES) return undefined;
    const offset = address - start;
    const name = this.#names[low - 1] ?? "";
    if (name === "") return undefined;
    return offset === 0n ? name : `${name}+0x${offset.toString(16)}`;
  }
}

/** Opens the kernel's symbols, for a thread that may open nothing later. */
function openKallsyms(): KernelFile | undefined {
  try {
    return KernelFile.open("/proc/kallsyms");
  } catch {
    return undefined;
  }
}

function readKallsyms(file: KernelFile | undefined): string {
  try {
    return new TextDecoder().decode(file?.read({ maxBytes: MAX_SYMBOLS_BYTES }));
  } catch {
    return "";
  }
}

/** First address of the kernel. */
const KERNEL_START = 0xffff_8000_0000_0000n;

/** The kernel's types have some 6 MiB. */
const MAX_TYPES_BYTES = 64 << 20;

/**
 * Returns the names of enum values in the kernel's BTF, by enum. Read now, since a confined
 * thread cannot.
 */
export function kernelEnums(
  names: readonly string[],
): ReadonlyMap<string, ReturnType<typeof enumNamesIn>> {
  if (names.length === 0) return new Map();
  try {
    const types = new Btf(
      readKernelFile("/sys/kernel/btf/vmlinux", { maxBytes: MAX_TYPES_BYTES }),
    );
    return new Map(names.map((name) => [name, enumNamesIn(types, name)]));
  } catch {
    // A kernel without types, or none that can be read: values stay numbers.
    return new Map();
  }
}

/**
 * Returns the names of this host. Files are opened here, since a confined thread cannot; the kernel's
 * symbols are read when one is looked up first, which takes 100 ms.
 *
 * @param symbols true to read them now
 */
export function hostNames({ symbols }: { symbols: boolean }): Resolvers {
  const users = namesIn("/etc/passwd");
  const groups = namesIn("/etc/group");
  const file = openKallsyms();
  const read = () => new KernelSymbols(readKallsyms(file));
  let kernel: KernelSymbols | undefined = symbols ? read() : undefined;
  return {
    user: (uid) => users.get(uid),
    group: (gid) => groups.get(gid),
    kernelSymbol: (address) =>
      address < KERNEL_START ? undefined : (kernel ??= read()).find(address),
  };
}
