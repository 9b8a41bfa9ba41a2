/** Generated input for parsers of untrusted documents. */
import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { chooseSeed, Random } from "./random.ts";
import { soakSize } from "./soak.ts";

/** Inputs for each parser. */
const INPUTS = soakSize({ short: 4_000, whole: 100_000 });

/** Longest time for one input, on a loaded machine. */
const LONGEST_MS = 20_000;

const encoder = new TextEncoder();

/** Bytes with a meaning in JSON, base64 and PEM. */
const PIECES = [
  ...['"', "\\", "{", "}", "[", "]", ":", ",", "null", "true", "-1", "1e999", "1.5", "\0", "\xff"],
  ...['{"', '"}', '"a":', "[[[[", "=", "-----", "\n", "sha256:", "*", "/*", "\\u0000", "__proto__"],
].map((text) => encoder.encode(text));

/** Returns a document with parts changed, duplicated, removed or inserted. */
export function changed(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = [...bytes];
  for (let times = random.below(4); times >= 0; times--) {
    const at = random.below(result.length + 1);
    const length = random.below(random.below(8) === 0 ? 200 : 6);
    switch (random.below(5)) {
      case 0:
        result[at] = random.below(256);
        break;
      case 1:
        result.splice(at, length);
        break;
      case 2:
        result.splice(at, 0, ...result.slice(at, at + length));
        break;
      case 3:
        result.splice(at, length, ...random.pick(PIECES));
        break;
      default:
        if (random.below(10) === 0) result = result.slice(0, at);
        else result.splice(at, 0, ...random.pick(PIECES));
    }
  }
  return Uint8Array.from(result.slice(0, 100_000));
}

/**
 * Returns a test that a parser accepts changed samples or rejects them with a known error: it
 * throws nothing else, and never runs forever.
 */
export function survives(
  name: string,
  samples: readonly Uint8Array[],
  parse: (bytes: Uint8Array<ArrayBuffer>) => unknown,
): Deno.TestDefinition {
  // The caller registers it: reports name the file of the registration.
  const fn = async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    let taken = 0;
    for (let count = 0; count < INPUTS; count++) {
      const input = changed(random.pick(samples), random);
      const start = performance.now();
      try {
        await parse(input);
        taken++;
      } catch (error) {
        if (error instanceof HostError) continue;
        const text = new TextDecoder().decode(input);
        throw new Error(`SEED=${seed}, input ${count}: ${text}`, { cause: error });
      } finally {
        const ms = performance.now() - start;
        assert.ok(ms < LONGEST_MS, `SEED=${seed}, input ${count} took ${ms} ms`);
      }
    }
    // Otherwise only the first check was tested.
    assert.ok(taken > 0 && taken < INPUTS, `${taken} of ${INPUTS} taken, SEED=${seed}`);
  };
  return { name: `${name} survives generated input`, fn };
}
