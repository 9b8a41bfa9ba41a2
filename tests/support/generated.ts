/** Generated input for parsers of untrusted documents. */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { HostError } from "../../ffi/errors.ts";
import { chooseSeed, Random } from "./random.ts";
import { fromFileUrl } from "./paths.ts";
import { SOAK, soakSize } from "./soak.ts";

/** Inputs for each parser. */
const INPUTS = soakSize({ short: 4_000, whole: 100_000 });

/** Longest time of the processor for one input; the machine may be loaded. */
const LONGEST_MS = 4_000;

/** Memory that a parser may keep after all inputs, in bytes. */
const MOST_KEPT = 1 << 30;

/** Returns the time of the processor that this process has taken, in milliseconds. */
function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

const encoder = new TextEncoder();

/** Bytes with a meaning in JSON, base64 and PEM. */
const PIECES = [
  ...['"', "\\", "{", "}", "[", "]", ":", ",", "null", "true", "-1", "1e999", "1.5", "\0", "\xff"],
  ...['{"', '"}', '"a":', "[[[[", "=", "-----", "\n", "sha256:", "*", "/*", "\\u0000", "__proto__"],
].map((text) => encoder.encode(text));

/** Pieces with a meaning in YAML: anchors, aliases, merges, tags, nesting. */
export const YAML_PIECES = [
  ...["&a ", "*a", "<<: *a\n", "- ", "- [*a, *a, *a]\n", "? ", ": ", "\n  ", "\n\t", "|\n", ">-\n"],
  ...[
    "!!binary ",
    "!!float ",
    "{a: *e}",
    "[[[[",
    "~",
    "---\n",
    "...\n",
    "0x7f",
    ".inf",
    "2001-01-01",
  ],
  ...["__proto__: ", "constructor: ", "%YAML 9.9\n", "'", '"\\x1b"', "\ufeff", "\u2028"],
].map((text) => encoder.encode(text));

/** Returns a document with parts changed, duplicated, removed or inserted. */
export function changed(
  bytes: Uint8Array,
  random: Random,
  pieces: readonly Uint8Array[] = PIECES,
): Uint8Array<ArrayBuffer> {
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
        result.splice(at, length, ...random.pick(pieces));
        break;
      default:
        if (random.below(10) === 0) result = result.slice(0, at);
        else result.splice(at, 0, ...random.pick(pieces));
    }
  }
  return Uint8Array.from(result.slice(0, 100_000));
}

/** Input of a test of a parser. */
export interface GeneratedOptions {
  /** Number of inputs in the current form. */
  readonly inputs?: number;
  /** Makes an input of a sample; default: {@linkcode changed}. */
  readonly change?: (sample: Uint8Array, random: Random) => Uint8Array<ArrayBuffer>;
}

/**
 * Returns a test that a parser accepts changed samples or rejects them with a known error: it
 * throws nothing else, never runs forever, and keeps no memory.
 *
 * A failure names `SEED` and `INPUT`; with both in the environment, that input alone is parsed.
 */
export function survives(
  name: string,
  samples: readonly Uint8Array[],
  parse: (bytes: Uint8Array<ArrayBuffer>) => unknown,
  { inputs = INPUTS, change = changed }: GeneratedOptions = {},
): Deno.TestDefinition {
  const test = `${name} survives generated input`;
  // The caller registers it: reports name the file of the registration.
  const fn = async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    const only = Deno.env.get("INPUT");
    const before = Deno.memoryUsage().rss;
    let taken = 0;
    for (let count = 0; count < (only === undefined ? inputs : Number(only) + 1); count++) {
      const input = change(random.pick(samples), random);
      if (only !== undefined && count < Number(only)) continue;
      try {
        if (await survivesOne(parse, input)) taken++;
      } catch (error) {
        throw new Error(await failureOf(error, { test, seed, count, input }), { cause: error });
      }
    }
    if (only !== undefined) return;
    // Otherwise only the first check was tested.
    assert.ok(taken > 0 && taken < inputs, `${taken} of ${inputs} taken, SEED=${seed}`);
    const kept = Deno.memoryUsage().rss - before;
    assert.ok(kept < MOST_KEPT, `SEED=${seed}: ${kept} bytes are kept`);
  };
  return { name: test, fn };
}

/** Tries of an input that takes long: a machine that is held up counts that as time, too. */
const TRIES = 3;

/** Returns true if the input is taken, false if it is rejected as it should be. */
async function survivesOne(
  parse: (bytes: Uint8Array<ArrayBuffer>) => unknown,
  input: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const times: number[] = [];
  while (times.length < TRIES) {
    const start = cpuMs();
    let isTaken = true;
    try {
      await parse(input);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      isTaken = false;
    }
    times.push(cpuMs() - start);
    if (times.some((ms) => ms < LONGEST_MS)) return isTaken;
  }
  throw new Error(`it takes ${times.map((ms) => Math.round(ms)).join(", ")} ms of the processor`);
}

/** Directory of inputs that failed, in the checkout. */
const FAILED = fromFileUrl("../../.cache/failed-inputs");

/** Describes a failure so that a reader can repeat it; the input is kept as a file. */
async function failureOf(
  error: unknown,
  { test, seed, count, input }: {
    test: string;
    seed: number;
    count: number;
    input: Uint8Array;
  },
): Promise<string> {
  const path = `${FAILED}/${test.replaceAll(/\W+/g, "-")}-${seed}-${count}`;
  await Deno.mkdir(FAILED, { recursive: true });
  await Deno.writeFile(path, input);
  const form = SOAK ? "soak" : "test";
  return `SEED=${seed} INPUT=${count}: ${error}\n` +
    `repeat: SEED=${seed} INPUT=${count} ./dev ${form} FILE --filter "${test}"\n` +
    `input: ${path}`;
}
