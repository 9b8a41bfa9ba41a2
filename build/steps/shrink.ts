/** Makes a WebAssembly module smaller: Binaryen's passes for size, after the linker's. */
import { BuildError } from "../lib/errors.ts";

/** Rewrites a module in place. */
export async function shrinkModule(path: string): Promise<void> {
  // Several megabytes of it: only for who needs it.
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(await Deno.readFile(path));
  try {
    const { Features } = binaryen;
    // Features that compilers for WASI assume, and every runtime has.
    module.setFeatures(
      Features.MutableGlobals | Features.SignExt | Features.BulkMemory |
        Features.NontrappingFPToInt,
    );
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(2);
    module.optimize();
    if (!module.validate()) {
      throw new BuildError(`Cannot make ${path} smaller: it is not valid then`);
    }
    await Deno.writeFile(path, module.emitBinary());
  } finally {
    module.dispose();
  }
}
