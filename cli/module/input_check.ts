/** Refuses input that cannot be run while it is read, since it may be endless. */
import { HostError } from "../../ffi/errors.ts";
import { type ContentKind, contentKind } from "../../oci/content_kind.ts";
import { Reader, WasmSyntaxError } from "../../runtime/wasm/reader.ts";
import { isNotRunnable, SHOWS_KIND } from "./module_file.ts";

/** 64 MiB, that of objects, packages and archives; the largest public objects have 2. */
const MAX_OTHER_BYTES = 64 << 20;
/** Smaller modules are read whole: the engine's own error has more detail. */
const CHECKED_FROM_BYTES = 1 << 20;
const HEADER_BYTES = 8;
/** Numbers of sections (WebAssembly core specification, 5.5.2, and tags). */
const CUSTOM = 0, LAST_SECTION = 13;
/** Section's number and its size in LEB128. */
const MAX_SECTION_HEADER_BYTES = 6;

/** Limit and name of some input. */
export interface InputCheckOptions {
  /** Limit for modules, in bytes. */
  readonly maxBytes: number;
  /** Name in errors, with quotes. */
  readonly name: string;
}

/** Looks at the start of some input each time that more of it was read. */
export class InputCheck {
  readonly #options: InputCheckOptions;
  readonly #seen = new Set<number>();
  #kind: ContentKind | undefined;
  #section = HEADER_BYTES;

  constructor(options: InputCheckOptions) {
    this.#options = options;
  }

  /**
   * Returns true if the bytes so far suffice for the refusal by their kind.
   *
   * @throws {HostError} `TOO_LARGE` for more than such input can be, `MODULE_INVALID` for a module whose
   *   sections cannot be those of one
   */
  isEnough(start: Uint8Array): boolean {
    if (isNotRunnable(start)) return true;
    if (start.length < SHOWS_KIND) return false;
    this.#kind ??= contentKind(start);
    if (this.#kind === "module") return this.#isEnoughOfModule(start);
    if (start.length > MAX_OTHER_BYTES) throw this.#tooLarge(MAX_OTHER_BYTES);
    return false;
  }

  #isEnoughOfModule(start: Uint8Array): boolean {
    // A component, or a future version: refused by its header.
    if (start[4] !== 1 || start[5] !== 0 || start[6] !== 0 || start[7] !== 0) return true;
    if (start.length < CHECKED_FROM_BYTES) return false;
    while (this.#section + MAX_SECTION_HEADER_BYTES <= start.length) this.#passSection(start);
    return false;
  }

  #passSection(start: Uint8Array): void {
    const { maxBytes, name } = this.#options;
    const reader = new Reader(start, this.#section);
    const invalid = (reason: string) =>
      new HostError(`Cannot read ${name}: not a valid module: ${reason} at byte ${this.#section}`, {
        code: "MODULE_INVALID",
        hint: "check that the input ends with the module",
      });
    const number = reader.u8();
    let size: number;
    try {
      size = reader.u32();
    } catch (error) {
      if (error instanceof WasmSyntaxError) throw invalid("invalid size of a section");
      throw error;
    }
    if (number > LAST_SECTION) throw invalid(`unknown section ${number}`);
    if (number === CUSTOM && size === 0) throw invalid("custom section without a name");
    if (number !== CUSTOM && this.#seen.has(number)) throw invalid(`second section ${number}`);
    this.#seen.add(number);
    if (reader.at + size > maxBytes) throw this.#tooLarge(maxBytes);
    this.#section = reader.at + size;
  }

  #tooLarge(maxBytes: number): HostError {
    const reason = `larger than ${maxBytes >> 20} MiB`;
    return new HostError(`Cannot read ${this.#options.name}: ${reason}`, { code: "TOO_LARGE" });
  }
}
