/** A guest's descriptors: small integers for what it was given and what it opened. */
import { type DirectoryReader, system } from "../../ffi/mod.ts";
import { FileType, fileTypeOf } from "./filestat.ts";
import { Right, STREAM_RIGHTS } from "./rights.ts";

/** Each flag. */
export const FdFlag = {
  Append: 1,
  Dsync: 2,
  Nonblock: 4,
  Rsync: 8,
  Sync: 16,
} as const;

/** Every flag. */
export const ALL_FD_FLAGS = 31;

/** Receives output instead of a host descriptor. */
export type Sink = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Sink that discards all output. */
export const DISCARD: Sink = (): void => {};

/** Gives at most that many bytes; none at the end. */
export type Source = (maxBytes: number) => Uint8Array;

/** Parts of a descriptor; rights are those of `rights.ts`. */
export interface DescriptorOptions {
  /** The descriptor on the host; -1 for none. */
  hostFd: number;
  rights: number;
  inheriting?: number;
  /** When it is known already. */
  type?: number;
  /** `fdflags` as the guest set them. */
  flags?: number;
  /** True if changes through it are refused, whatever its rights. */
  isReadOnly?: boolean;
  sink?: Sink | undefined;
  source?: Source | undefined;
  /** The guest's path of a folder that it was given: UTF-8. */
  preopen?: Uint8Array;
  /** Closes the host's; without it, that stays open. */
  release?: (hostFd: number) => number;
  /** True for a standard stream: it may block, and an interrupt does not lose output to it. */
  isStream?: boolean;
}

/** Descriptor of a guest. */
export class Descriptor {
  readonly hostFd: number;
  rights: number;
  inheriting: number;
  flags: number;
  readonly isReadOnly: boolean;
  readonly isStream: boolean;
  readonly sink: Sink | undefined;
  readonly source: Source | undefined;
  readonly preopen: Uint8Array | undefined;
  /** Entries of a directory, once they were read. */
  reader: DirectoryReader | undefined;
  #type: number;
  #isCutOff = false;
  readonly #release: ((hostFd: number) => number) | undefined;

  constructor(options: DescriptorOptions) {
    this.hostFd = options.hostFd;
    this.rights = options.rights;
    this.inheriting = options.inheriting ?? 0;
    this.flags = options.flags ?? 0;
    this.isReadOnly = options.isReadOnly ?? false;
    this.isStream = options.isStream ?? false;
    this.sink = options.sink;
    this.source = options.source;
    this.preopen = options.preopen;
    this.#type = options.type ?? -1;
    this.#release = options.release;
  }

  /** Filetype; fetched from the host on first use. */
  get type(): number {
    if (this.#type < 0) {
      const mode = this.hostFd < 0 ? 0 : system.fileType(this.hostFd);
      this.#type = mode < 0 ? FileType.Unknown : fileTypeOf(mode);
    }
    return this.#type;
  }

  /**
   * Reports whether it was opened for this guest, so that changes are not visible to other
   * processes.
   */
  get isOwn(): boolean {
    return this.#release !== undefined;
  }

  /** Reports whether reads and writes never wait. */
  get isFile(): boolean {
    return this.type === FileType.RegularFile || this.#type === FileType.BlockDevice;
  }

  /** An interrupt has ended a poll for it: the next read finds the end of the input. */
  cutOff(): void {
    this.#isCutOff = true;
  }

  /** Returns the flag and clears it. */
  takeCutOff(): boolean {
    const isCutOff = this.#isCutOff;
    this.#isCutOff = false;
    return isCutOff;
  }

  /** 0, or the negative errno of an earlier write that failed only now; it is closed in any case. */
  close(): number {
    this.reader?.close();
    this.reader = undefined;
    return this.#release?.(this.hostFd) ?? 0;
  }
}

/** Targets of the standard streams; those left out are the process's own. */
export type Streams = Readonly<
  Partial<Record<0 | 1 | 2, Partial<DescriptorOptions> | undefined>>
>;

/**
 * Rights of this process's own output, which never seeks back. If it is a file, its content belongs
 * to other programs that share the offset.
 */
const OUTPUT_RIGHTS = (Right.FdWrite | STREAM_RIGHTS) & ~Right.FdSeek;

/** As many as a guest may have open at once. The kernel's own limit may be lower. */
export const MAX_DESCRIPTORS = 4096;

/** Descriptors by number. 0, 1 and 2 are the standard streams. */
export class FdTable implements Disposable {
  readonly #entries: (Descriptor | undefined)[];
  /** No number below it is free. */
  #lowest = 3;

  constructor(streams: Streams = {}) {
    this.#entries = ([0, 1, 2] as const).map((fd) =>
      new Descriptor({
        hostFd: fd,
        isStream: true,
        rights: fd === 0 ? Right.FdRead | STREAM_RIGHTS : OUTPUT_RIGHTS,
        ...streams[fd],
      })
    );
  }

  get(fd: number): Descriptor | undefined {
    return this.#entries[fd];
  }

  /** Puts a descriptor in the place of another, which is closed. */
  replace(fd: number, descriptor: Descriptor): void {
    this.#entries[fd]?.close();
    this.#entries[fd] = descriptor;
  }

  /** The lowest free number, or -1 when there are too many; then the descriptor is the caller's still. */
  add(descriptor: Descriptor): number {
    let fd = this.#lowest;
    while (this.#entries[fd] !== undefined) fd++;
    if (fd >= MAX_DESCRIPTORS) return -1;
    this.#entries[fd] = descriptor;
    this.#lowest = fd + 1;
    return fd;
  }

  /**
   * Closes and forgets a descriptor; the process's standard streams stay open.
   *
   * @returns as {@linkcode Descriptor.close}; `undefined` if it is not open
   */
  close(fd: number): number | undefined {
    const entry = this.#entries[fd];
    if (entry === undefined) return undefined;
    this.#entries[fd] = undefined;
    this.#lowest = Math.min(this.#lowest, fd);
    return entry.close();
  }

  /**
   * Gives one descriptor the number of another, which is closed.
   *
   * @returns what became of that, as {@linkcode close}; `undefined` unless both are there
   */
  renumber(from: number, to: number): number | undefined {
    const entry = this.#entries[from];
    const former = this.#entries[to];
    if (entry === undefined || former === undefined) return undefined;
    if (from === to) return 0;
    this.#entries[to] = entry;
    this.#entries[from] = undefined;
    this.#lowest = Math.min(this.#lowest, from);
    return former.close();
  }

  /** The folders that the guest was given. */
  preopens(): Descriptor[] {
    return this.#entries.filter((entry) => entry?.preopen !== undefined) as Descriptor[];
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const entry of this.#entries.splice(0)) entry?.close();
  }
}
