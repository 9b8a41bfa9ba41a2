/** Attaches single programs of test objects in this process, with permissions. */
import { attachRulesOf, type BpfError, type Permissions, Policy } from "../../ebpf/mod.ts";
import { errno, LinearMemory } from "../../ffi/mod.ts";
import { GuestObject } from "../../runtime/wasm_bpf/guest_object.ts";
import { elfOf } from "./object_guest.ts";
import "./whole_shim.ts";

/** `SHIM_PROGRAM_AUTOLOAD`. */
const AUTOLOAD = 1;

/** `SHIM_KERNEL_KPROBE`. */
const KPROBE = 1;

/** One program that is loaded, with the rules that were made before it was opened. */
export class AttachRig implements Disposable {
  readonly #memory: LinearMemory;
  readonly #held = new DisposableStack();
  readonly object: GuestObject;
  readonly program: string;

  /** @param object name in `dist/tests`, or its bytes */
  constructor(object: string | Uint8Array, program: string, permissions: Permissions = {}) {
    const bytes = typeof object === "string" ? elfOf(object) : object;
    const policy = new Policy(permissions);
    const attachRules = attachRulesOf(policy);
    if (attachRules !== undefined) this.#held.use(attachRules);
    this.#memory = new LinearMemory(
      new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) + 2 }),
    );
    this.#memory.bytes.set(bytes, 0);
    this.program = program;
    this.object = GuestObject.open(
      { memory: this.#memory, offset: 0, sizeBytes: bytes.length },
      { policy, attachRules, onNotice: () => {}, noteClosed: () => {} },
    );
    for (const name of this.object.programNames) {
      this.object.configure(name, AUTOLOAD, name === program ? 1 : 0);
    }
  }

  /** Loads it, attaches it and detaches it again: "attached", or the error. */
  attach(target: string): "attached" | BpfError {
    try {
      this.object.load();
      this.object.detach(this.object.attach(this.program, target));
      return "attached";
    } catch (error) {
      return error as BpfError;
    }
  }

  /**
   * Loads it and attaches it as a kprobe, also where the kernel has none: "attached", "refused" by the
   * rules, or "failed".
   */
  attachKprobe(name: string, offset = 0n): "attached" | "refused" | "failed" {
    this.object.load();
    const link = this.object.requireProgram(this.program, "attach").attachKernel({
      place: KPROBE,
      name,
      offset,
    });
    if (typeof link === "number") return link === -errno("EPERM") ? "refused" : "failed";
    link.close();
    return "attached";
  }

  [Symbol.dispose](): void {
    this.object.close();
    this.#memory.close();
    this.#held.dispose();
  }
}

/** Returns "attached", or the code of the error. */
export function attachCode(
  object: string,
  program: string,
  target: string,
  permissions: Permissions,
): string {
  using rig = new AttachRig(object, program, permissions);
  const result = rig.attach(target);
  return result === "attached" ? result : result.code;
}

/** Attaches a kprobe: see {@linkcode AttachRig.attachKprobe}. */
export function kprobeResult(name: string, offset: bigint, permissions: Permissions): string {
  using rig = new AttachRig("kprobe", "on_kprobe", permissions);
  return rig.attachKprobe(name, offset);
}
