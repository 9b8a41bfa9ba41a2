/** Arguments that are no UTF-8, which the runtime below cannot hand over: `build/entry/entry.c`. */
import { decodeText, processArguments } from "../../runtime/everything.ts";

/**
 * Returns the arguments as they were given; a byte that is no UTF-8 is a lone surrogate, as in
 * `ffi/raw_text.ts`.
 */
export function rawArguments(args: string[]): string[] {
  if (!args.some((text) => text.includes("\ufffd"))) return args;
  const given = processArguments().slice(-args.length);
  return args.map((text, i) => given[i] === undefined ? text : decodeText(given[i]));
}
