/** Errors of the ELF and BTF readers. */
import { HostError, type HostErrorOptions } from "../../ffi/errors.ts";

/** As of every error, and the name of the file, where it is known. */
export type InputErrorOptions = Omit<HostErrorOptions, "code"> & { code?: string; file?: string };

/** Error for a file that is not ELF, or is damaged. Code: `BAD_ELF`. */
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

  /** Returns the error with the name of the file. */
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

  /** Returns the error with the name of the file. */
  in(file: string): BtfError {
    const { code, hint, detail } = this;
    return new BtfError(this.#reason, { code, hint, detail, cause: this, file });
  }
}
