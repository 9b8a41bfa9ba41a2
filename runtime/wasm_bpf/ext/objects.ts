/** `object_open`, `object_configure`, `global_set`, `object_load`, `program_set_target`, `program_token`: objects step by step. */
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { GuestObject } from "../guest_object.ts";
import { elfRange, guestRange } from "../../guest_memory.ts";

export function objectImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory, objects } = context;
  return {
    /**
     * Opens an ELF object without loading it.
     *
     * `obj_buf`, `obj_buf_sz`: read, and copied.
     *
     * Returns a handle, or 0 on failure, with the error for `last_error`. ENOMEM, EMFILE: more than
     * 64 MiB or 256 objects. EFAULT: outside of the memory. Others: of libbpf.
     */
    "object_open": (bytes: number, sizeBytes: number) =>
      context.answerHandle(() =>
        context.addObject(
          elfRange(memory, bytes, sizeBytes),
          (source) => GuestObject.open(source, context),
        )
      ),
    /**
     * Loads an opened object, once.
     *
     * `obj`: handle. Reads and writes no guest memory.
     *
     * EINVAL: stale handle. EALREADY: loaded before, or failed to. EPERM: a program may not do what
     * it does, or this process may not load it. Others: of the kernel or libbpf.
     */
    "object_load": (handle: bigint) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.load();
        return 0;
      }),
    /**
     * Sets bytes in a section of global variables, before or after the load.
     *
     * `section`: string, read. `offset`: in the section. `data`, `size`: read.
     *
     * EINVAL: stale handle, or after a failed load. ENOENT: no such section. ERANGE: outside of the
     * section. EPERM: read-only, and loaded. EFAULT: a range is outside of the memory.
     */
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
    /**
     * Changes a setting of a program or map, between open and load.
     *
     * `name`: string, read. `setting`: `SHIM_PROGRAM_*`, `SHIM_MAP_*`. `value`: depends on the
     * setting.
     *
     * EINVAL: stale handle, unknown setting or value. ENOENT: no such program or map. EBUSY:
     * loaded. EFAULT: the string is outside of the memory.
     */
    "object_configure": (handle: bigint, nameAt: number, setting: number, value: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.configure(memory.cString(nameAt), setting >>> 0, value >>> 0);
        return 0;
      }),
    /**
     * Sets the kernel function, hook or iterator of a tracing or LSM program, between open and
     * load.
     *
     * `name`, `target`: strings, read.
     *
     * EINVAL: stale handle, or program of another type. ENOENT: no such program. EBUSY: loaded.
     * ESRCH: the kernel has no such function. EFAULT: a string is outside of the memory.
     */
    "program_set_target": (handle: bigint, nameAt: number, targetAt: number) =>
      context.answer(() => {
        const object = objects.get(handle);
        if (object === undefined) return -errno("EINVAL");
        object.setAttachTarget(memory.cString(nameAt), memory.cString(targetAt));
        return 0;
      }),
    /**
     * Returns a token for a program, the same each time, to be written to a map.
     *
     * `name`: string, read.
     *
     * ENOENT: no such program. EINVAL: stale handle, or object that is not loaded. EFAULT: the
     * string is outside of the memory.
     */
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
