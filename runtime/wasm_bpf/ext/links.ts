/** `link_attach`, `link_detach` and `iter_read`: programs attached and detached one by one. */
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { guestRange } from "../../guest_memory.ts";

export function linkImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory, objects, links } = context;
  return {
    /**
     * Attaches a program, and returns a link that detaches it alone.
     *
     * `obj`: handle. `name`, `attach_target`: strings, read; a null target is the section's.
     *
     * Errors as for `wasm_attach_bpf_program`.
     */
    "link_attach": (handle: bigint, name: number, target: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        const link = object.attach(
          memory.cString(name),
          target === 0 ? "" : memory.cString(target),
        );
        return links.add({ object, link });
      }),
    /**
     * Detaches a link; its object stays loaded.
     *
     * `link`: handle of a link, stale afterwards.
     *
     * EINVAL: stale link.
     */
    "link_detach": (handle: number) => {
      const entry = links.remove(handle);
      return entry?.object.detach(entry.link) ? 0 : -errno("EINVAL");
    },
    /**
     * Reads on in the output of an iterator program.
     *
     * `link`: of the iterator. `buf`, `size`: written.
     *
     * Returns the bytes written; 0 at the end of a pass. EINVAL: stale link, or not an iterator's.
     * EFAULT: outside of the memory. EINTR: the guest is asked to end; the next call goes on.
     * Others: of the kernel.
     */
    "iter_read": (handle: number, buffer: number, sizeBytes: number) =>
      context.answer(() => {
        const entry = links.get(handle);
        if (entry === undefined) return -errno("EINVAL");
        return entry.object.readIterator(
          entry.link,
          context,
          guestRange(memory, buffer, sizeBytes),
        );
      }),
  };
}
