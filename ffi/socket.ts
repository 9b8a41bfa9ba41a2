/**
 * System calls with a guest's sockets. Results are ≥ 0 or a negative errno; guest
 * addresses are offsets; descriptors are the host's.
 */
import { fileShim, type Vectors, type Waiting } from "./file.ts";
import { interruptPointer } from "./interrupt.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Operations on sockets. */
export const sockets = {
  /** accept4(2); returns a descriptor. */
  accept(fd: number, { interrupt, waits }: Waiting): number {
    return fileShim().shim_socket__accept(interruptPointer(interrupt), fd, waits ? 1 : 0);
  },

  /** recvmsg(2) with MSG_ flags; returns 1 for a truncated message. */
  receive(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out, flags }: Vectors & { flags: number },
    { interrupt, waits }: Waiting,
  ): number {
    return fileShim().shim_socket__receive(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count] as const,
      ...[flags, out, waits ? 1 : 0] as const,
    );
  },

  /** sendmsg(2) without SIGPIPE. */
  send(
    fd: number,
    memory: LinearMemory,
    { iovs, count, out }: Vectors,
    { interrupt, waits }: Waiting,
  ): number {
    return fileShim().shim_socket__send(
      ...[interruptPointer(interrupt), fd, memoryPointer(memory), iovs, count] as const,
      ...[out, waits ? 1 : 0] as const,
    );
  },

  /** shutdown(2) */
  shutdown(fd: number, how: number): number {
    return fileShim().shim_socket__shutdown(fd, how);
  },

  /** SO_TYPE of a socket. */
  type(fd: number): number {
    return fileShim().shim_socket__type(fd);
  },
};
