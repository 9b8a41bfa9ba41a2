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
}
