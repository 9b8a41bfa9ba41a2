/** Kinds of what can be run, by first bytes: never by a name or a media type. */

/** Kind of content. */
export type ContentKind = "module" | "elf" | "json" | "yaml" | "tar" | "gzip" | "zstd" | "unknown";

const MAGICS: readonly (readonly [kind: ContentKind, magic: readonly number[]])[] = [
  ["module", [0x00, 0x61, 0x73, 0x6d]],
  ["elf", [0x7f, 0x45, 0x4c, 0x46]],
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];
const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];
/** `ustar Interchange Format` of POSIX.1. */
const USTAR_AT = 257;
const BOM = [0xef, 0xbb, 0xbf];
/** Comments before the first key of a YAML file. */
const TEXT_BYTES = 4096;

/** Returns the kind of content that starts with some bytes. */
export function contentKind(start: Uint8Array): ContentKind {
  const startsWith = (bytes: readonly number[], at = 0) =>
    bytes.every((byte, i) => start[at + i] === byte);
  const found = MAGICS.find(([, magic]) => startsWith(magic));
  if (found !== undefined) return found[0];
  if (startsWith(USTAR, USTAR_AT)) return "tar";
  const at = startsWith(BOM) ? BOM.length : 0;
  return textKind(start.subarray(at, at + TEXT_BYTES));
}

function textKind(start: Uint8Array): ContentKind {
  if (start.includes(0)) return "unknown";
  const text = new TextDecoder().decode(start);
  if (/^\s*\{/.test(text)) return "json";
  return /^(---[^\n]*\n|#[^\n]*\n|%[^\n]*\n|[ \t\r]*\n)*["']?[A-Za-z_]\w*["']?:(\s|$)/.test(text)
    ? "yaml"
    : "unknown";
}
