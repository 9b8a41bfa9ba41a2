/**
 * Generated JavaScript. Only numbers that were checked and names of our functions become part of the
 * source; everything else is passed in as a constant.
 */
import { hex64, hexBytes, i32, i64, u32, u53, u64 } from "../text/digits.ts";
import { ipAny, ipByFamily, ipv4, ipv6, mac } from "../text/addresses.ts";
import { duration, size } from "../text/quantities.ts";
import { character, jsonText, plainText } from "../text/strings.ts";
import { wide } from "./access.ts";

const HELPERS = {
  ...{ hex64, hexBytes, i32, i64, u32, u53, u64, ipAny, ipByFamily, ipv4, ipv6, mac },
  ...{ duration, size, character, jsonText, plainText, wide },
};

const NAMES = Object.keys(HELPERS).join(",");

/** Constants of a piece of generated code. */
export class Code {
  readonly #constants: unknown[] = [];

  /** Adds a constant and returns the expression for it. */
  constant(value: unknown): string {
    this.#constants.push(value);
    return `k${this.#constants.length - 1}`;
  }

  /** Returns the value of an expression. */
  make<T>(expression: string): T {
    const names = this.#constants.map((_, i) => `k${i}`);
    const body = `"use strict";const {${NAMES}}=h;const [${
      names.join(",")
    }]=k;return ${expression};`;
    return new Function("h", "k", body)(HELPERS, this.#constants) as T;
  }
}

/** Returns statements that store bytes at `p` and move it. */
export function storeBytes(code: Code, bytes: Uint8Array): string {
  if (bytes.length === 0) return "";
  if (bytes.length > 48) return `b.set(${code.constant(bytes)},p);p+=${bytes.length};`;
  const stores = Array.from(bytes, (byte, i) => `b[p+${i}]=${byte};`);
  return `${stores.join("")}p+=${bytes.length};`;
}
