/** What a guest's end by a trap is to JavaScript, and to its operator. */
import { GuestTrap } from "./errors.ts";
import type { GuestModule } from "./module.ts";

/** What WebAssembly's `throw` is to JavaScript; TypeScript does not know it yet. */
const { Exception: GuestException } = WebAssembly as unknown as { Exception: new () => object };

/**
 * A trap of WebAssembly, or an exception of its own that nobody caught; running out of stack is a
 * RangeError to JavaScript.
 */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof GuestException ||
    (error instanceof RangeError && /call stack/i.test(error.message));
}

/** The error for it, with WebAssembly's stack. */
export function trap(guest: GuestModule, cause: unknown): GuestTrap {
  const { message = "it threw an exception that nothing caught", stack = "" } =
    cause instanceof Error ? cause : {};
  const frames = stack.split("\n")
    .filter((line) => line.includes("wasm://") || line.includes("wasm-function"))
    .map((line) => line.trim());
  return new GuestTrap(`${guest.name} trapped: ${message}`, {
    code: "GUEST_TRAP",
    hint: "the guest has a bug; build it with -g to see function names",
    detail: frames.join("\n"),
    cause,
  });
}
