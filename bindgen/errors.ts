/** What can be wrong with an object, its BTF, or what is asked of them. */
import { HostError } from "../ffi/errors.ts";

export { BtfError, ElfError, type InputErrorOptions } from "../ebpf/btf/mod.ts";

/** The input is sound, but what is asked for cannot be made of it. Code: `NO_TYPE`, `NO_OBJECT` or `NO_TARGET`. */
export class BindgenError extends HostError {
  /** The class's name. */
  override name = "BindgenError";
}
