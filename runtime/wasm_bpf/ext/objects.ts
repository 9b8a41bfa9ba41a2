/** `object_open`, `object_configure`, `global_set`, `object_load`, `program_set_target`, `program_token`: objects step by step. */
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { GuestObject } from "../guest_object.ts";
import { elfRange, guestRange } from "../guest_range.ts";

export function objectImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory, objects } = context;
  return {
    "object_open": (bytes: number, sizeBytes: number) =>
      context.answerHandle(() =>
        context.addObject(
          elfRange(memory, bytes, sizeBytes),
          (source) => GuestObject.open(source, context),
        )
      ),
    "object_load": (handle: bigint) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.load();
        return 0;
      }),
    "global_set": (
      handle: bigint,
      section: number,
      offset: number,
      data: number,
      sizeBytes: number,
    ) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        const source = guestRange(memory, data, sizeBytes);
        object.setGlobal(memory.cString(section), offset >>> 0, source);
        return 0;
      }),
    "object_configure": (handle: bigint, nameAt: number, setting: number, value: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.configure(memory.cString(nameAt), setting >>> 0, value >>> 0);
        return 0;
      }),
    "program_set_target": (handle: bigint, nameAt: number, targetAt: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.setAttachTarget(memory.cString(nameAt), memory.cString(targetAt));
        return 0;
      }),
    "program_token": (handle: bigint, nameAt: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        const name = memory.cString(nameAt);
        const program = object.requireProgram(name, `find program "${name}"`);
        return context.tokenOfProgram(object, program);
      }),
  };
}
