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
