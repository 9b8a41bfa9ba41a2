/** Ends a guest from inside a host function. */

/**
 * `(module (func (export "unwind") unreachable))`, assembled: header, a type, a function of it, its
 * export, its body.
 */
// deno-fmt-ignore
const MODULE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x0a, 0x01, 0x06, 0x75, 0x6e, 0x77, 0x69, 0x6e, 0x64, 0x00, 0x00,
  0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b,
]);

/**
 * Leaves the guest by a trap.
 *
 * A trap and not a JavaScript exception, since WebAssembly's `catch_all` catches those: a guest could
 * stay alive after its own exit.
 */
export function unwindGuest(): never {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  (exports["unwind"] as () => void)();
  throw new Error("unwinding did not trap");
}
