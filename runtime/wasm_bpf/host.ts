/** The `wasm_bpf` import module: what a guest may ask of eBPF. */
import { errno } from "../../ffi/mod.ts";
import type { Remains } from "../../ebpf/mod.ts";
import { type CallbackExports, Callbacks, type CallbackTable } from "./events/callbacks.ts";
import { BpfContext, type BpfHostOptions } from "./context.ts";
import { GuestObject } from "./guest_object.ts";
import { elfRange } from "../guest_memory.ts";
import { mapOperate, mapOperateSplit } from "./map_operate.ts";
import { readBufferSplit } from "./ext/buffers.ts";
import { splitCalls } from "./split_calls.ts";
import type { FunctionImport } from "../wasm/imports.ts";
import type { Totals } from "./totals.ts";

/**
 * One guest's eBPF objects and maps, and the functions it calls on them.
 *
 * Functions return the ABI's numbers and never throw, except what a callback throws. The
 * ABI: handles and tokens are small integers that only this guest's table knows; errors are negative
 * errno. Dispose it to detach and unload everything.
 */
export class BpfHost implements Disposable {
  readonly #context: BpfContext;
  readonly #callbacks: Callbacks;

  constructor(options: BpfHostOptions) {
    this.#context = new BpfContext(options);
    this.#callbacks = new Callbacks((error) => this.#context.fail(error));
  }

  /** Sets the exports that callbacks go through; call it before the guest's `_start`. */
  bind(exports: CallbackExports): void {
    this.#callbacks.bind(exports);
  }

  /** The functions of module `wasm_bpf`, by import name. */
  imports(): WebAssembly.ModuleImports {
    const context = this.#context;
    return {
      /**
       * Opens an ELF object, and loads its maps and programs.
       *
       * `obj_buf`, `obj_buf_sz`: read, and copied.
       *
       * Returns a handle, or 0 on failure, with the error for `last_error`. ENOMEM, EMFILE: more
       * than 64 MiB or 256 objects. EPERM: a program may not do what it does, or this process may
       * not load it. EFAULT: outside of the memory. Others: of the kernel or libbpf.
       */
      "wasm_load_bpf_object": (bytes: number, size: number) => this.#load(bytes, size),
      /**
       * Detaches an object's programs, and unloads it; in a callback, when the poll returns.
       *
       * `obj`: handle; it, its tokens and links are stale afterwards.
       *
       * EINVAL: stale handle.
       */
      "wasm_close_bpf_object": (object: bigint) => context.closeObject(object),
      /**
       * Attaches a program until its object is closed.
       *
       * `name`, `attach_target`: strings, read; a null target is the section's.
       *
       * ENOENT: no such program, or no such target. EINVAL: stale handle, object that is not
       * loaded, or a target of another form. EMFILE: more links than the run allows. EPERM: not
       * permitted. EFAULT: a string is outside of the memory. Others: of the kernel.
       */
      "wasm_attach_bpf_program": (object: bigint, name: number, target: number) =>
        context.answer(() => this.#attach(object, name, target)),
      /**
       * Returns a token for a map, the same each time.
       *
       * `name`: string, read.
       *
       * ENOENT: no such map. EINVAL: stale handle, or object that is not loaded. EFAULT: the string
       * is outside of the memory.
       */
      "wasm_bpf_map_fd_by_name": (object: bigint, name: number) =>
        context.answer(() => this.#findMap(object, name)),
      /**
       * Looks up, updates or deletes one element, or finds the next key.
       *
       * `fd`: token. `cmd`: 1 lookup, 2 update, 3 delete, 4 next key. `key`: read; null for the
       * first key, and for maps without keys. `value`: written by 1, read by 2. `next_key`: written
       * by 4. Pointers may be i64.
       *
       * EBADF: stale token. EINVAL: unknown command or flags. ENOENT: no such element, or no next
       * key. EEXIST, E2BIG: flags of an update, or full. ESTALE: the element is of a closed object.
       * EOPNOTSUPP: not for this type of map. EFAULT: a range is outside of the memory. Others: of
       * the kernel.
       */
      "wasm_bpf_map_operate": mapOperate(context),
      /**
       * Waits for events of a buffer, and calls back for each.
       *
       * `obj`, `fd`: handle and token. `sample_func`: entry of the exported table. `ctx`: passed
       * on. `data`, `max_size`: written, at most so much of each event. `timeout_ms`: 0 does not
       * wait, negative waits for ever.
       *
       * Returns the number of events, 0 on time-out, or the callback's negative result. EINVAL:
       * stale handle, entry that is not a callback, or map that is not a buffer. EBADF: stale
       * token, or of another object. EFAULT: `data` is outside of the memory. ENOMEM: no memory for
       * the buffer. EINTR: the guest is asked to end.
       */
      "wasm_bpf_buffer_poll": (
        object: bigint,
        token: number,
        callback: number,
        argument: number,
        data: number,
        maxBytes: number,
        timeoutMs: number,
      ) => {
        const callbacks = this.#callbacks.forTable(callback);
        if (typeof callbacks === "number") return callbacks;
        return this.#poll(
          Number(object),
          token,
          callbacks,
          callback,
          argument,
          data,
          maxBytes,
          timeoutMs,
        );
      },
    };
  }

  /** Replaces functions of {@linkcode imports} by faster ones, by the types that the guest declares. */
  speedUp(imports: WebAssembly.Imports, declared: readonly FunctionImport[]): void {
    splitCalls(imports, declared, {
      operate: mapOperateSplit(this.#context),
      poll: this.#pollSplit,
      read: readBufferSplit(this.#context),
    });
  }

  /** `wasm_bpf_buffer_poll` with the object's handle in two halves. */
  readonly #pollSplit = (
    objectLow: number,
    objectHigh: number,
    token: number,
    callback: number,
    argument: number,
    data: number,
    maxBytes: number,
    timeoutMs: number,
  ): number => {
    const callbacks = this.#callbacks.forTable(callback);
    if (typeof callbacks === "number") return callbacks;
    // No object has a handle of more than 31 bits.
    const object = objectHigh === 0 ? objectLow : 0;
    return this.#poll(object, token, callbacks, callback, argument, data, maxBytes, timeoutMs);
  };

  /** The functions of module `callback-wrapper`, for guests that export no function table. */
  wrapperImports(): WebAssembly.ModuleImports {
    return {
      /**
       * Waits for events of a buffer, and calls the guest's exported callback for each.
       *
       * Parameters and results as for `wasm_bpf_buffer_poll` of `wasm_bpf`, without the entry of a
       * table. EINVAL: also without an exported callback of the right type.
       */
      "wasm_bpf_buffer_poll": (
        object: bigint,
        token: number,
        argument: number,
        data: number,
        maxBytes: number,
        timeoutMs: number,
      ) => {
        const callbacks = this.#callbacks.forExport();
        if (typeof callbacks === "number") return callbacks;
        return this.#poll(Number(object), token, callbacks, 0, argument, data, maxBytes, timeoutMs);
      },
    };
  }

  /** More functions on the same objects, maps and buffers. */
  extend<Rest extends unknown[]>(
    imports: (context: BpfContext, ...rest: Rest) => WebAssembly.ModuleImports,
    ...rest: Rest
  ): WebAssembly.ModuleImports {
    return imports(this.#context, ...rest);
  }

  #load(bytes: number, sizeBytes: number): bigint {
    const context = this.#context;
    return context.answerHandle(() =>
      context.addObject(
        elfRange(context.memory, bytes, sizeBytes),
        (source) => GuestObject.load(source, context),
      )
    );
  }

  #attach(handle: bigint, name: number, target: number): number {
    const { memory, objects } = this.#context;
    const object = objects.get(handle);
    if (object === undefined) return -errno("EINVAL");
    object.attach(memory.cString(name), target === 0 ? "" : memory.cString(target));
    return 0;
  }

  #findMap(handle: bigint, nameOffset: number): number {
    const object = this.#context.objects.get(handle);
    if (object === undefined) return -errno("EINVAL");
    const map = object.requireMap(this.#context.memory.cString(nameOffset));
    return this.#context.tokenOfMap(object, map);
  }

  #poll(
    handle: number,
    token: number,
    callbacks: CallbackTable,
    callback: number,
    context: number,
    data: number,
    maxBytes: number,
    timeoutMs: number,
  ): number {
    const { memory, objects, maps } = this.#context;
    const object = objects.find(handle);
    if (object === undefined) return -errno("EINVAL");
    const entry = maps.find(token);
    if (entry === undefined || entry.object !== object) return -errno("EBADF");
    if (maxBytes < 0 || !memory.contains(data, maxBytes)) return -errno("EFAULT");
    const args = { callback, context, data, maxBytes, timeoutMs };
    return object.poll(entry.map, this.#context, callbacks, args);
  }

  /** Counts of programs and buffers so far; the final ones after disposal. */
  get totals(): Totals {
    return this.#context.totals;
  }

  /** After disposal: parts that are still in the kernel. */
  get remains(): Remains {
    return this.#context.remains;
  }

  [Symbol.dispose](): void {
    this.#context[Symbol.dispose]();
  }
}
