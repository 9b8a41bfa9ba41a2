/** Events without a type: their bytes. */
import type { Block } from "./sinks/sink.ts";
import { jsonString, visibleText } from "./text/strings.ts";

/** Bytes shown of an event, unless all are asked for. */
const SHOWN_BYTES = 16;

/** Returns the forms of an event whose type is not known. */
export function hexBlock(source: string, bytes: Uint8Array, whole: boolean): Block {
  const shown = whole ? bytes : bytes.subarray(0, SHOWN_BYTES);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const more = shown.length < bytes.length ? "…" : "";
  const text = Array.from(
    shown,
    (byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".",
  ).join("");
  const listed = digits.slice(0, shown.length).join(" ") + more;
  const padded = whole ? listed : listed.padEnd(3 * SHOWN_BYTES);
  return {
    lines: `${visibleText(source)} ${`${bytes.length}`.padStart(5)} ${padded} ${text}${more}`,
    json: [
      `{"source":${jsonString(source)},"size":${bytes.length},"hex":"${digits.join("")}"}`,
    ],
    csv: {
      names: ["source", "size", "hex"],
      rows: [[visibleText(source), `${bytes.length}`, digits.join("")]],
    },
    dense: true,
  };
}
