/** Conversion of a guest's trap to an error for JavaScript and the operator. */
import { GuestTrap } from "./errors.ts";
import type { GuestModule } from "./module.ts";
import { findLines } from "./wasm/debug_lines.ts";
import { type FunctionCode, Functions, offsetBefore } from "./wasm/functions.ts";
import { WasmSyntaxError } from "./wasm/reader.ts";
import { readableName } from "./wasm/rust_names.ts";

/** Exceptions of WebAssembly's `throw`; TypeScript does not declare them yet. */
const { Exception: GuestException } = WebAssembly as unknown as { Exception: new () => object };

/** A frame of V8's stack. Its index is wrong, its offset is of the module that runs. */
const FRAME = /wasm-function\[\d+\]:0x([0-9a-f]+)/;

/**
 * Reports a trap of WebAssembly, or an exception of its own that it did not catch; running out of
 * stack is a
 * RangeError to JavaScript.
 */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof GuestException ||
    (error instanceof RangeError && /call stack/i.test(error.message));
}

/** The module that ran, where it is not the guest's own. */
export interface RanModule {
  readonly bytes: Uint8Array;
  /** Bytes of each check that was added: see `wasm/rewrite.ts`. */
  readonly checkBytes: number;
}

/**
 * Returns the error for a trap, with WebAssembly's stack.
 *
 * @param ran what the guest's module was changed to
 */
export function trap(guest: GuestModule, cause: unknown, ran?: RanModule): GuestTrap {
  const { message = "it threw an exception that nothing caught", stack = "" } =
    cause instanceof Error ? cause : {};
  const frames = stack.split("\n").flatMap((line) => {
    const offset = FRAME.exec(line)?.[1];
    return offset === undefined ? [] : [parseInt(offset, 16)];
  });
  const described = describe(guest, frames, ran);
  return new GuestTrap(`${guest.name} trapped: ${message}`, {
    code: "GUEST_TRAP",
    hint: hintFor(described),
    detail: described.lines.join("\n"),
    cause,
  });
}

/** AssemblyScript and Go have no lines for a stack, whatever they are built with. */
function hintFor({ hasLines, hasNames }: Omit<Described, "lines">): string {
  if (hasLines) return "the guest has a bug: see the lines above";
  if (hasNames) {
    return "the guest has a bug: see the functions above; modules of C and Rust show lines as well " +
      "when they are built with -g (make -B DEBUG=1 in the templates)";
  }
  return "the guest has a bug; build it with debug information to see where: -g, and without " +
    "--strip-all (make -B DEBUG=1 in the templates)";
}

/** A stack in words. */
interface Described {
  readonly lines: string[];
  readonly hasLines: boolean;
  readonly hasNames: boolean;
}

function describe(
  guest: GuestModule,
  offsets: readonly number[],
  ran: RanModule | undefined,
): Described {
  try {
    return new Stack(guest, ran).describe(offsets);
  } catch (error) {
    if (!(error instanceof WasmSyntaxError)) throw error;
    const lines = offsets.map((offset) => `at 0x${offset.toString(16)}`);
    return { lines, hasLines: false, hasNames: false };
  }
}

/** Names what V8 gives by numbers alone. */
class Stack {
  readonly #guest: GuestModule;
  readonly #functions: Functions;
  readonly #ran: (RanModule & { functions: Functions }) | undefined;

  constructor(guest: GuestModule, ran: RanModule | undefined) {
    this.#guest = guest;
    this.#functions = new Functions(guest.bytes);
    this.#ran = ran && { ...ran, functions: new Functions(ran.bytes) };
  }

  describe(offsets: readonly number[]): Described {
    const frames = offsets.map((offset) => this.#frame(offset));
    const indices = new Set(frames.flatMap((frame) => frame === undefined ? [] : [frame.index]));
    const names = this.#functions.names(indices);
    const sources = this.#sources(frames.flatMap((frame) => frame === undefined ? [] : [frame.at]));
    const lines = frames.flatMap((frame) => {
      if (frame === undefined) return [];
      const { index, at } = frame;
      const name = names.get(index);
      const source = sources.get(at - this.#functions.codeStart);
      return `at ${name === undefined ? "" : `${readableName(name)} `}function[${index}]:0x${
        at.toString(16)
      }` +
        (source === undefined ? "" : ` (${source})`);
    });
    return { lines, hasLines: sources.size > 0, hasNames: names.size > 0 };
  }

  /**
   * Returns the function and the byte offset in the guest's own module; `undefined` for added code.
   */
  #frame(offset: number): { index: number; at: number } | undefined {
    if (this.#ran === undefined) {
      const code = this.#functions.at(offset);
      return code && { index: code.index, at: offset };
    }
    const changed = this.#ran.functions.at(offset);
    const code: FunctionCode | undefined = changed && this.#functions.get(changed.position);
    if (changed === undefined || code === undefined) return undefined;
    const { checkBytes } = this.#ran;
    const at = checkBytes === 0
      ? code.start + offset - changed.start
      : offsetBefore(this.#guest.bytes, code, offset - changed.start, checkBytes);
    return { index: code.index, at };
  }

  #sources(offsets: readonly number[]): Map<number, string> {
    const lines = this.#functions.custom(".debug_line");
    if (lines === undefined) return new Map();
    return findLines({
      lines,
      lineStrings: this.#functions.custom(".debug_line_str"),
      strings: this.#functions.custom(".debug_str"),
    }, offsets.map((offset) => offset - this.#functions.codeStart));
  }
}

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
