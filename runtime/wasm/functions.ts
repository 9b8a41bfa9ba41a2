/** Finds the function that a byte of a module belongs to. V8's stacks have the byte, and no index. */
import { LOOP, skipInstruction, skipType } from "./instructions.ts";
import { Reader, readSections, Section, type SectionBytes, sectionReader } from "./reader.ts";

/** Names longer than that are cut: some compilers put whole types in them. */
const MAX_NAME = 200;
/** Subsection of the name section. */
const FUNCTION_NAMES = 1;
const FUNCTION_IMPORT = 0;

/** A function's code. */
export interface FunctionCode {
  /** Imported functions come first. */
  readonly index: number;
  /** Its position among those with code. */
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

/** Functions with code, in their order. */
export class Functions {
  readonly #bytes: Uint8Array;
  readonly #sections: readonly SectionBytes[];
  readonly #code: FunctionCode[] = [];

  /** @throws {WasmSyntaxError} for a damaged module */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#sections = readSections(bytes);
    const imported = countImports(sectionReader(bytes, this.#sections, Section.Import));
    const reader = sectionReader(bytes, this.#sections, Section.Code);
    reader?.each((position) => {
      const { at: start, end } = reader.part(reader.u32());
      this.#code.push({ index: imported + position, position, start, end });
    });
  }

  /** Offset of the code section's content, from which DWARF counts. */
  get codeStart(): number {
    return this.#sections.find(({ id }) => id === Section.Code)?.start ?? 0;
  }

  /** The function that has the byte at `offset`. */
  at(offset: number): FunctionCode | undefined {
    return this.#code.find(({ start, end }) => offset >= start && offset < end);
  }

  /** The function at a position among those with code. */
  get(position: number): FunctionCode | undefined {
    return this.#code[position];
  }

  /** The content of a custom section. */
  custom(name: string): Uint8Array | undefined {
    for (const { id, start, end } of this.#sections) {
      if (id !== Section.Custom) continue;
      const reader = new Reader(this.#bytes, start, end);
      if (reader.name() === name) return this.#bytes.subarray(reader.at, end);
    }
    return undefined;
  }

  /** Names of these functions, as far as the name section has them. */
  names(wanted: ReadonlySet<number>): Map<number, string> {
    const names = new Map<number, string>();
    const content = this.custom("name");
    const reader = new Reader(content ?? new Uint8Array());
    while (!reader.isAtEnd) {
      const id = reader.u8();
      const part = reader.part(reader.u32());
      if (id !== FUNCTION_NAMES) continue;
      part.each(() => {
        const index = part.u32();
        const { at, end } = part.part(part.u32());
        if (!wanted.has(index)) return;
        const text = new TextDecoder().decode(
          part.bytes.subarray(at, Math.min(end, at + MAX_NAME)),
        );
        names.set(index, end - at > MAX_NAME ? `${text}…` : text);
      });
    }
    return names;
  }
}

function countImports(reader: Reader | undefined): number {
  let count = 0;
  reader?.each(() => {
    reader.skip(reader.u32());
    reader.skip(reader.u32());
    const kind = reader.u8();
    // A guest imports functions only; anything else was refused.
    if (kind !== FUNCTION_IMPORT) return;
    reader.u32();
    count += 1;
  });
  return count;
}

/**
 * Returns where an instruction was before checks were added at the start of its function and of each
 * loop: see `rewrite.ts`.
 *
 * @param original the function's code before
 * @param offset from the start of the changed code
 * @param checkBytes bytes of each check
 */
export function offsetBefore(
  bytes: Uint8Array,
  original: FunctionCode,
  offset: number,
  checkBytes: number,
): number {
  const reader = new Reader(bytes, original.start, original.end);
  reader.each(() => {
    reader.u32();
    skipType(reader);
  });
  let added = checkBytes;
  let last = reader.at;
  while (!reader.isAtEnd && reader.at - original.start + added <= offset) {
    last = reader.at;
    if (skipInstruction(reader) === LOOP) added += checkBytes;
  }
  return last;
}
