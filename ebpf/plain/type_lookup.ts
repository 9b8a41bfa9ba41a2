/** Looks types up by their names: in BTF, DWARF and headers. */
import { Btf, isBtf, isElf, Kind, resolve } from "../btf/mod.ts";
import { ElfFile } from "../btf/elf.ts";
import { HostError } from "../../ffi/errors.ts";
import { DwarfTypes } from "./dwarf.ts";
import { inlineType, type TypeAt } from "./inline_type.ts";

/** Returns all types that some types lead to, through members, pointers, arrays and prototypes. */
export function closureOf(btf: Btf, roots: readonly number[]): Set<number> {
  const seen = new Set<number>();
  const waiting = [...roots];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === 0 || seen.has(id)) continue;
    seen.add(id);
    const type = btf.type(id);
    switch (type.kind) {
      case "struct":
      case "union":
        for (const { type: member } of type.members) waiting.push(member);
        break;
      case "proto":
        waiting.push(type.returns, ...type.parameters.map(({ type }) => type));
        break;
      case "ptr":
      case "array":
      case "typedef":
      case "modifier":
      case "func":
      case "var":
        waiting.push(type.type);
        break;
    }
  }
  return seen;
}

/** Id of the struct that a type is; undefined for another kind. */
export function structOf(btf: Btf, id: number): number | undefined {
  const found = resolve(btf, id);
  return found.type.kind === "struct" ? found.id : undefined;
}

export function nameOf(btf: Btf, id: number): string {
  const { type, typedef } = resolve(btf, id);
  return ("name" in type ? type.name : "") || typedef || "event";
}

/** Finds a struct by its name or that of a typedef. */
export function byName(btf: Btf, name: string): number | undefined {
  const ids = btf.find(name, (kind) => kind === Kind.Struct || kind === Kind.Typedef);
  return ids.map((id) => structOf(btf, id)).find((id) => id !== undefined);
}

/** A BTF file, an object with BTF or DWARF, or a header. */
export function typeInFile(
  { name: file, bytes }: { name: string; bytes: Uint8Array<ArrayBuffer> },
  name: string,
): TypeAt | undefined {
  if (isBtf(bytes)) return inBtf(new Btf(bytes), name);
  if (isElf(bytes)) {
    const elf = new ElfFile(bytes);
    const section = elf.section(".BTF");
    const found = section && inBtf(new Btf(elf.content(section)), name);
    if (found !== undefined || elf.section(".debug_info") === undefined) return found;
    return new DwarfTypes(elf).byName(name);
  }
  const text = new TextDecoder().decode(bytes);
  if (text.includes("\0")) {
    throw new HostError(`Cannot read types from "${file}": not BTF, ELF or a C header`, {
      code: "BAD_TYPE",
    });
  }
  const body = declarationIn(text, name);
  return body === undefined ? undefined : inlineType(body, name);
}

function inBtf(btf: Btf, name: string): TypeAt | undefined {
  const id = byName(btf, name);
  return id === undefined ? undefined : { btf, id };
}

/** The text from the opening brace of a struct to its closing one. */
function declarationIn(text: string, name: string): string | undefined {
  const pattern = new RegExp(`\\bstruct\\s+${name.replaceAll(/\W/g, "")}\\s*\\{`);
  const start = pattern.exec(text);
  if (start === null) return undefined;
  let depth = 0;
  for (let at = start.index + start[0].length - 1; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) {
      const isPacked = /^\s*__attribute__\s*\(\(\s*(__)?packed/.test(text.slice(at + 1));
      const body = text.slice(start.index + start[0].length - 1, at + 1);
      return isPacked ? `packed ${body}` : body;
    }
  }
  return undefined;
}
