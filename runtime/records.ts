/** Records that guests emit: a way out to formats, which the runtime does not have. */

/** Records of one source. */
export interface GuestRecordSink {
  /** Takes packed records; the bytes are valid during the call. Returns their number. */
  write(records: Uint8Array): number;
  /** Ends an interval, or hands over what waits. */
  flush(): void;
}

/** Takes the records of a guest. */
export interface GuestRecords {
  /**
   * Starts a source.
   *
   * @param schema name of a struct, or its members as text
   * @param options.types ELF object or BTF with that struct; empty for text
   * @param options.isTable true if records are rows of an interval, false if they are events
   * @returns undefined if records are not wanted: the guest prints by itself
   * @throws {HostError} if the schema cannot be used; the guest gets -EIO
   */
  open(
    name: string,
    schema: string,
    options: { types: Uint8Array<ArrayBuffer>; isTable: boolean },
  ): GuestRecordSink | undefined;
  /** Milliseconds between two calls of `attend` while the guest waits; default: no calls. */
  readonly attendEveryMs?: number | undefined;
  /** Handles what does not wait for records, such as keys; when it throws, the guest is over. */
  attend?(): void;
  /** Called before the flushes of a guest that was asked to end: what follows may be its last rows. */
  finish?(): void;
}

/**
 * Makes the taker of a spawned guest's records, in the guest's thread. `post` sends a message to the
 * thread that spawned it; it waits while `bytes` of messages that were not released are too many.
 */
export type GuestRecordsMaker = (
  post: (message: unknown, bytes: number, transfer?: readonly Transferable[]) => void,
) => GuestRecords;

/** Records of a spawned guest: a module for its thread, and a receiver of its messages. */
export interface SpawnRecords {
  /** Absolute URL of a module whose default export is a {@linkcode GuestRecordsMaker}. */
  readonly module: string | URL;
  /**
   * Takes a message. Its bytes count against what the guest may have on the way until `release` is
   * called, once.
   */
  receive(message: unknown, release: () => void): void;
}
