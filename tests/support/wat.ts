/** Guests as WebAssembly text inside a test. */
import createWabt from "wabt";

const wabt = await createWabt();

/** Assembles a module. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  using disposer = new DisposableStack();
  const module = disposer.adopt(
    wabt.parseWat("guest.wat", text, {
      ...{ exceptions: true, bulk_memory: true },
      ...{ reference_types: true, multi_memory: true },
    }),
    (parsed) => parsed.destroy(),
  );
  return new Uint8Array(module.toBinary({}).buffer);
}

/** Assembles a module into a file. */
export async function assembleTo(path: string, text: string): Promise<string> {
  await Deno.writeFile(path, assemble(text));
  return path;
}

/** Guest that sleeps for an hour: poll_oneoff with one clock. */
export const SLEEPING = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\\01\\00\\00\\00\\00\\00\\00\\00\\00\\a0\\b8\\30\\46\\03\\00\\00")
  (func (export "_start")
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))`;
