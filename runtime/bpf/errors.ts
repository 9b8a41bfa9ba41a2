/** What eBPF operations fail with. */
import { describeErrno, errnoName } from "../../ffi/mod.ts";
import { HostError, type HostErrorOptions } from "../../ffi/errors.ts";

/** An eBPF operation that the kernel, libbpf or the runtime refused. */
export class BpfError extends HostError {
  override name = "BpfError";
  /** What was tried, such as `load program "handle_exec"`. */
  readonly op: string;
  /** Positive, of Linux or libbpf. */
  readonly errno: number;

  /**
   * @param errno positive or negative
   * @param options `reason` stands instead of the errno's own words
   */
  constructor(
    op: string,
    errno: number,
    options: Omit<HostErrorOptions, "code"> & { reason?: string } = {},
  ) {
    const reason = options.reason ?? describeErrno(errno);
    super(`Cannot ${op}: ${reason}`, {
      ...options,
      code: errnoName(errno) ?? `E${Math.abs(errno)}`,
    });
    this.op = op;
    this.errno = Math.abs(errno);
  }
}
