/** What can be wrong with an object, its BTF, or what is asked of them. */
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

/** As of every error, and the name of the file, where it is known. */
export type InputErrorOptions = Omit<HostErrorOptions, "code"> & { code?: string; file?: string };

/** Bytes that are no ELF file, or one that is damaged. Code: `BAD_ELF`. */
export class ElfError extends HostError {
  /** The class's name. */
  override name = "ElfError";
  readonly #reason: string;

  /** `reason` goes on after "Cannot read the ELF file NAME: ". */
  constructor(reason: string, options: InputErrorOptions = {}) {
    const { file, ...rest } = options;
    const of = file === undefined ? "" : ` ${file}`;
    super(`Cannot read the ELF file${of}: ${reason}`, { code: "BAD_ELF", ...rest });
    this.#reason = reason;
  }

  /** The same error, which says what file it is about. */
  in(file: string): ElfError {
    const { code, hint, detail } = this;
    return new ElfError(this.#reason, { code, hint, detail, cause: this, file });
  }
}

/** BTF that is damaged, or of a kind that is not read. Code: `BAD_BTF`, or `NO_BTF` without any. */
export class BtfError extends HostError {
  /** The class's name. */
  override name = "BtfError";
  readonly #reason: string;

  /** `reason` goes on after "Cannot read the BTF of NAME: ". */
  constructor(reason: string, options: InputErrorOptions = {}) {
    const { file, ...rest } = options;
    const of = file === undefined ? "" : ` of ${file}`;
    super(`Cannot read the BTF${of}: ${reason}`, { code: "BAD_BTF", ...rest });
    this.#reason = reason;
  }

  /** The same error, which says what file it is about. */
  in(file: string): BtfError {
    const { code, hint, detail } = this;
    return new BtfError(this.#reason, { code, hint, detail, cause: this, file });
  }
}

/** The input is sound, but what is asked for cannot be made of it. Code: `NO_TYPE`, `NO_OBJECT` or `NO_TARGET`. */
export class BindgenError extends HostError {
  /** The class's name. */
  override name = "BindgenError";
}
