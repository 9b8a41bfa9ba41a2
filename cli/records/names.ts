/** Names that the host has for numbers: users, groups, kernel symbols. */
import { Btf } from "../../ebpf/btf/mod.ts";
import { enumNamesIn, type Resolvers } from "../../records/mod.ts";
import { readKernelFile } from "../../runtime/machine.ts";

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

/** Kernel symbols in order of their addresses. */
export class KernelSymbols {
  readonly #addresses: BigUint64Array;
  readonly #names: readonly string[];
  /** Addresses of eBPF programs, between which there are others that are not in the list. */
  readonly #programs: ReadonlySet<bigint>;

  /** @param text of `/proc/kallsyms` */
  constructor(text: string) {
    const symbols: { address: bigint; name: string }[] = [];
    const programs = new Set<bigint>();
    for (const line of text.split("\n")) {
      const match = /^([0-9a-f]{1,16}) [tTwW] (\S+)/.exec(line);
      if (match === null) continue;
      const address = BigInt(`0x${match[1]}`);
      // All zeros where kernel.kptr_restrict hides them.
      if (address !== 0n) symbols.push({ address, name: match[2] ?? "" });
      if (line.endsWith("[bpf]")) programs.add(address);
    }
    symbols.sort((a, b) => a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
    this.#addresses = BigUint64Array.from(symbols, ({ address }) => address);
    this.#names = symbols.map(({ name }) => name);
    this.#programs = programs;
  }

  /** Returns the function that an address is in: `vfs_read+0x10`. */
  find(address: bigint): string | undefined {
    let [low, high] = [0, this.#addresses.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const start = this.#addresses[low - 1];
    // A function is never that long: the address is of something else.
    if (start === undefined || address - start > 0x100_0000n) return undefined;
    // It may be a program that was loaded after the list was read.
    if (this.#programs.has(start) && address - start > MAX_PROGRAM_BYTES) return undefined;
    const offset = address - start;
    const name = this.#names[low - 1] ?? "";
    return offset === 0n ? name : `${name}+0x${offset.toString(16)}`;
  }
}

function readKallsyms(): string {
  try {
    return new TextDecoder().decode(
      readKernelFile("/proc/kallsyms", { maxBytes: MAX_SYMBOLS_BYTES }),
    );
  } catch {
    return "";
  }
}

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
 * Returns the names of this host. Files are read here, since a confined thread cannot.
 *
 * @param symbols true to read the kernel's symbols now, which takes 100 ms
 */
export function hostNames({ symbols }: { symbols: boolean }): Resolvers {
  const users = namesIn("/etc/passwd");
  const groups = namesIn("/etc/group");
  const read = () => new KernelSymbols(readKallsyms());
  let kernel: KernelSymbols | undefined = symbols ? read() : undefined;
  return {
    user: (uid) => users.get(uid),
    group: (gid) => groups.get(gid),
    kernelSymbol: (address) => (kernel ??= read()).find(address),
  };
}
