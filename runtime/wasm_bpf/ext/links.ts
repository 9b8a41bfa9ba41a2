/** `link_attach`, `link_detach` and `iter_read`: programs attached and detached one by one. */
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { guestRange } from "../guest_range.ts";

export function linkImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory, objects, links } = context;
  return {
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
    "link_detach": (handle: number) => {
      const entry = links.remove(handle);
      return entry?.object.detach(entry.link) ? 0 : -errno("EINVAL");
    },
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
