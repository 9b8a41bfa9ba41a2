/** Arguments that are not UTF-8, which Deno cannot pass on: `build/entry/entry.c`. */
import { decodeText, processArguments } from "../../runtime/everything.ts";

/**
 * Returns the arguments as they were given; an invalid byte becomes a lone surrogate, as in
 * `ffi/c_values.ts`.
 */
export function rawArguments(args: string[]): string[] {
  if (!args.some((text) => text.includes("\ufffd"))) return args;
  const given = processArguments().slice(-args.length);
  return args.map((text, i) => given[i] === undefined ? text : decodeText(given[i]));
}
