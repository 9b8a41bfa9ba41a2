/** A guest's descriptors: small integers for what it was given. */

/** Bits of `rights` in the specification. */
export const RIGHT_FD_READ = 1n << 1n;
export const RIGHT_FD_SEEK = 1n << 2n;
export const RIGHT_FD_TELL = 1n << 5n;
export const RIGHT_FD_WRITE = 1n << 6n;

/** What a descriptor stands for. */
export interface FdEntry {
  /** The descriptor on the host. */
  hostFd: number;
  rights: bigint;
  /** Gets what is written instead of the host's descriptor. */
  sink?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** Takes what is written to descriptor 1 or 2; `undefined` leaves it to the host's. */
export type Sinks = Readonly<Record<1 | 2, FdEntry["sink"] | undefined>>;

/** Descriptors by number. 0, 1 and 2 are the standard streams. */
export class FdTable {
  readonly #entries: Map<number, FdEntry>;

  constructor(sinks?: Sinks) {
    const output = (hostFd: 1 | 2): FdEntry => {
      const sink = sinks?.[hostFd];
      return { hostFd, rights: RIGHT_FD_WRITE, ...(sink === undefined ? {} : { sink }) };
    };
    this.#entries = new Map([
      [0, { hostFd: 0, rights: RIGHT_FD_READ }],
      [1, output(1)],
      [2, output(2)],
    ]);
  }

  get(fd: number): FdEntry | undefined {
    return this.#entries.get(fd);
  }

  /** Forgets a descriptor; the host's standard streams stay open. */
  close(fd: number): boolean {
    return this.#entries.delete(fd);
  }
}
