/** Names of the functions of processes, by their addresses. */
import { basename } from "node:path";
import type { MappedFile } from "../../runtime/command.ts";
import { ImageFunctions, type ReadAt } from "./image_functions.ts";

/** Calls that look at processes. */
export interface ProcessFiles {
  /** Returns `/proc/PID/maps`; empty for a process that has ended. */
  maps(pid: number): string;
  /** Opens the file of a region, or returns a negative errno. */
  open(pid: number, region: MappedFile): number;
  /** Reads from a place of a file: bytes, or a negative errno. */
  read(descriptor: number, offset: number, to: Uint8Array<ArrayBuffer>): number;
  /** Closes a file. */
  close(descriptor: number): void;
}

/** Processes that are remembered; the oldest is forgotten. */
const MAX_PROCESSES = 1024;
/** Regions of code of one process. */
const MAX_REGIONS = 8192;
/** Files whose functions are kept. */
const MAX_IMAGES = 512;
/** Of the functions of all files. */
const MAX_BYTES = 256 << 20;
/** Time after which the regions of a process are read again, if an address is in none of them. */
const STALE_MS = 1000;

interface Process {
  readonly regions: readonly MappedFile[];
  readonly readAt: number;
}

/** Functions of processes. Regions are kept, since a process can end before its stacks are shown. */
export class UserSymbols {
  readonly #files: ProcessFiles;
  readonly #now: () => number;
  readonly #processes = new Map<number, Process>();
  readonly #images = new Map<string, ImageFunctions | undefined>();
  #bytes = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(files: ProcessFiles, now: () => number) {
    this.#files = files;
    this.#now = now;
  }

  /** Reads the regions of a process while it runs, unless they are known. */
  note(pid: number, { again = false }: { again?: boolean } = {}): void {
    if (pid > 0 && (again || !this.#processes.has(pid))) this.#read(pid);
  }

  /** Returns the name of an address: `main+0x10`, or `[libc.so.6+0x29d90]` without a symbol. */
  find(address: bigint, pid: number): string | undefined {
    const region = this.#regionOf(address, pid);
    if (region === undefined) return undefined;
    const { path, start, offset, inode } = region;
    if (inode === 0n) return path === "" ? undefined : path;
    const place = address - start + offset;
    const image = this.#imageOf(pid, region);
    const inside = image?.addressOf(place);
    const found = inside === undefined ? undefined : image?.find(inside);
    const title = basename(path.replace(/ \(deleted\)$/, ""));
    if (found === undefined) return `[${title}+0x${(inside ?? place).toString(16)}]`;
    return found.offset === 0n ? found.name : `${found.name}+0x${found.offset.toString(16)}`;
  }

  #regionOf(address: bigint, pid: number): MappedFile | undefined {
    const known = this.#processes.get(pid);
    const find = (process: Process | undefined) =>
      process?.regions.find(({ start, end }) => address >= start && address < end);
    const region = find(known);
    if (region !== undefined) return region;
    if (known !== undefined && this.#now() - known.readAt < STALE_MS) return undefined;
    this.#read(pid);
    return find(this.#processes.get(pid));
  }

  #read(pid: number): void {
    const regions = regionsIn(this.#files.maps(pid));
    const known = this.#processes.get(pid);
    // A process that has ended keeps the regions that it had.
    const kept = regions.length > 0 ? regions : known?.regions ?? [];
    this.#processes.delete(pid);
    this.#processes.set(pid, { regions: kept, readAt: this.#now() });
    const [oldest] = this.#processes.keys();
    if (this.#processes.size > MAX_PROCESSES && oldest !== undefined) {
      this.#processes.delete(oldest);
    }
    // Names may be needed after the file can no longer be reached through the process, which may have
    // started another program since the last look.
    for (const region of regions) if (region.inode !== 0n) this.#imageOf(pid, region);
  }

  #imageOf(pid: number, region: MappedFile): ImageFunctions | undefined {
    const key = `${region.major}:${region.minor}:${region.inode}`;
    if (this.#images.has(key)) return this.#images.get(key);
    if (this.#images.size >= MAX_IMAGES || this.#bytes >= MAX_BYTES) return undefined;
    const image = this.#open(pid, region);
    this.#images.set(key, image);
    this.#bytes += image?.bytes ?? 0;
    return image;
  }

  #open(pid: number, region: MappedFile): ImageFunctions | undefined {
    const descriptor = this.#files.open(pid, region);
    if (descriptor < 0) return undefined;
    try {
      const readAt: ReadAt = (offset, to) =>
        to.length === 0 ? 0 : this.#files.read(descriptor, offset, to);
      return ImageFunctions.read(readAt);
    } finally {
      this.#files.close(descriptor);
    }
  }
}

/** Returns the regions of code in `/proc/PID/maps` (proc_pid_maps(5)). */
export function regionsIn(maps: string): MappedFile[] {
  const regions: MappedFile[] = [];
  for (const line of maps.split("\n")) {
    const match =
      /^([\da-f]{1,16})-([\da-f]{1,16}) ..x. ([\da-f]{1,16}) ([\da-f]{1,8}):([\da-f]{1,8}) (\d{1,20}) *(.*)$/
        .exec(line);
    if (match === null) continue;
    const [, start, end, offset, major = "0", minor = "0", inode = "0", path = ""] = match;
    regions.push({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      offset: BigInt(`0x${offset}`),
      major: parseInt(major, 16),
      minor: parseInt(minor, 16),
      inode: BigInt(inode),
      // The kernel writes line feeds as \012.
      path: path.replaceAll("\\012", "\n"),
    });
    if (regions.length >= MAX_REGIONS) break;
  }
  return regions;
}
