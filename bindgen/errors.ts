/** Errors in an object, its BTF, or the requested output. */
import { HostError } from "../ffi/errors.ts";

export { BtfError, ElfError, type InputErrorOptions } from "../ebpf/btf/mod.ts";

/**
 * Valid input that does not have the requested type or target. Code: `NO_TYPE`, `NO_OBJECT` or
 * `NO_TARGET`.
 */
export class BindgenError extends HostError {
  /** The class's name. */
  override name = "BindgenError";
}
