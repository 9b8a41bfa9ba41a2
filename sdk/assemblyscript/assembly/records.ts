// SPDX-License-Identifier: MIT
/** Typed records, which the host shows as its user requests. */
import { cString } from "./errno";
import { recordsFlush, recordsOpen, recordsWrite } from "./imports";

/** Flag for rows of an interval. */
const TABLE: u32 = 1;

/** A source of records. */
export class Records {
  private constructor(
    /** Result of opening it: an id, 0 if no records are requested, or an errno below 0. */
    readonly id: i32,
  ) {}

  /**
   * Starts a source of events whose members are C text, with formats after `@`:
   * `u64 ts @time; u32 pid; char comm[16]`.
   */
  static open(name: string, members: string): Records {
    return Records.start(name, members, 0);
  }

  /** Starts a source of rows, which `flush()` shows. */
  static openTable(name: string, members: string): Records {
    return Records.start(name, members, TABLE);
  }

  private static start(name: string, members: string, flags: u32): Records {
    const title = cString(name);
    const text = cString(members);
    const id = recordsOpen(title, text, 0, 0, flags);
    heap.free(title);
    heap.free(text);
    return new Records(id);
  }

  /** True if the user requested records; the guest prints by itself if not. */
  get isWanted(): bool {
    return this.id > 0;
  }

  /** Hands over `size` bytes of records at `data`; their number, or an errno below 0. */
  write(data: usize, size: i32): i32 {
    return recordsWrite(this.id, data, size);
  }

  /** Ends an interval: rows of a table are shown. */
  flush(): i32 {
    return recordsFlush(this.id);
  }
}
