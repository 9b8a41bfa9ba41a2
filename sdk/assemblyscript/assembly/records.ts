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

/**
 * Members of a record, one after the other, with the layout that C gives them: the language has no
 * decorators without a transform of its compiler.
 *
 * ```ts
 * const members = new Members().u64("ts", "@time").u32("pid").text("comm", 16);
 * const records = members.open("events");
 * ```
 */
export class Members {
  private members: string = "";

  /** Adds a member of any type of C, such as `s16`, with `length` elements if it is an array. */
  add(
    type: string,
    name: string,
    marks: string = "",
    length: i32 = 0,
  ): Members {
    const array = length > 0 ? "[" + length.toString() + "]" : "";
    this.members += type + " " + name + array + " " + marks + "; ";
    return this;
  }

  /** Adds an unsigned integer of 8 bits. */
  u8(name: string, marks: string = ""): Members {
    return this.add("u8", name, marks);
  }

  /** Adds an unsigned integer of 16 bits. */
  u16(name: string, marks: string = ""): Members {
    return this.add("u16", name, marks);
  }

  /** Adds an unsigned integer of 32 bits. */
  u32(name: string, marks: string = ""): Members {
    return this.add("u32", name, marks);
  }

  /** Adds an unsigned integer of 64 bits. */
  u64(name: string, marks: string = ""): Members {
    return this.add("u64", name, marks);
  }

  /** Adds an integer of 32 bits. */
  i32(name: string, marks: string = ""): Members {
    return this.add("s32", name, marks);
  }

  /** Adds an integer of 64 bits. */
  i64(name: string, marks: string = ""): Members {
    return this.add("s64", name, marks);
  }

  /** Adds a text that ends with its first NUL byte, or after `length` bytes. */
  text(name: string, length: i32, marks: string = ""): Members {
    return this.add("char", name, marks, length);
  }

  /** Text of the members, as `Records.open()` takes it. */
  toString(): string {
    return this.members;
  }

  /** Starts a source of events. */
  open(name: string): Records {
    return Records.open(name, this.members);
  }

  /** Starts a source of rows. */
  openTable(name: string): Records {
    return Records.openTable(name, this.members);
  }
}
