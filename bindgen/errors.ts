/** What can be wrong with an object, its BTF, or what is asked of them. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

/** Bytes that are no ELF file, or one that is damaged. Code: `BAD_ELF`. */
export class ElfError extends HostError {
  /** The class's name. */
  override name = "ElfError";

  /** `reason` goes on after "Cannot read the ELF file: ". */
  constructor(reason: string, options: Omit<HostErrorOptions, "code"> & { code?: string } = {}) {
    super(`Cannot read the ELF file: ${reason}`, { code: "BAD_ELF", ...options });
  }
}

/** BTF that is damaged, or of a kind that is not read. Code: `BAD_BTF`, or `NO_BTF` without any. */
export class BtfError extends HostError {
  /** The class's name. */
  override name = "BtfError";

  /** `reason` goes on after "Cannot read the BTF: ". */
  constructor(reason: string, options: Omit<HostErrorOptions, "code"> & { code?: string } = {}) {
    super(`Cannot read the BTF: ${reason}`, { code: "BAD_BTF", ...options });
  }
}

/** The input is sound, but what is asked for cannot be made of it. Code: `NO_TYPE`, `NO_OBJECT` or `NO_TARGET`. */
export class BindgenError extends HostError {
  /** The class's name. */
  override name = "BindgenError";
}
