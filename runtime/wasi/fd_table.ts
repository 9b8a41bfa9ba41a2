/** A guest's descriptors: small integers for what it was given and what it opened. */
import { type DirectoryReader, system } from "../../ffi/mod.ts";
import { FileType, fileTypeOf } from "./filetype.ts";
import { Right, STREAM_RIGHTS } from "./rights.ts";

/** Gets what is written instead of the host's descriptor. */
export type Sink = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Takes everything, for whom nobody listens to. */
export const DISCARD: Sink = (): void => {};

/** Gives at most that many bytes; none at the end. */
export type Source = (maxBytes: number) => Uint8Array;

/** What a descriptor is made of; rights are those of `rights.ts`. */
export interface DescriptorOptions {
  /** The descriptor on the host; -1 for none. */
  hostFd: number;
  rights: number;
  inheriting?: number;
  /** When it is known already. */
  type?: number;
  /** `fdflags` as the guest set them. */
  flags?: number;
  /** Whether nothing may be changed through it, whatever its rights say. */
  isReadOnly?: boolean;
  sink?: Sink | undefined;
  source?: Source | undefined;
  /** The guest's path of a folder that it was given: UTF-8. */
  preopen?: Uint8Array;
  /** Closes the host's; without it, that stays open. */
  release?: (hostFd: number) => number;
  /** Whether it is a standard stream: it may block, and no output to it is lost by an interrupt. */
  isStream?: boolean;
}

/** What one of a guest's descriptors stands for. */
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
  /** Its entries, when it is a directory and they were asked for. */
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

  /** `filetype`; asked of the host at the first time. */
  get type(): number {
    if (this.#type < 0) {
      const mode = this.hostFd < 0 ? 0 : system.fileType(this.hostFd);
      this.#type = mode < 0 ? FileType.Unknown : fileTypeOf(mode);
    }
    return this.#type;
  }

  /** Whether it was opened for this guest, so that nobody else sees how it is changed. */
  get isOwn(): boolean {
    return this.#release !== undefined;
  }

  /** Whether reads and writes never wait. */
  get isFile(): boolean {
    return this.type === FileType.RegularFile || this.#type === FileType.BlockDevice;
  }

  /** An interrupt has ended a poll for it: the next read finds the end of the input. */
  cutOff(): void {
    this.#isCutOff = true;
  }

  /** Whether that is so, once. */
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

/** Where the standard streams lead; what is not said is the process's own. */
export type Streams = Readonly<
  Partial<Record<0 | 1 | 2, Partial<DescriptorOptions> | undefined>>
>;

/**
 * Of the process's own output: it goes on, never back. Where that is a file, what stands in it already is
 * somebody else's, and they share the place where they write.
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
   * @returns as {@linkcode Descriptor.close}; `undefined` when there is none
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
