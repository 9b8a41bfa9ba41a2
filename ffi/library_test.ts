import assert from "node:assert/strict";
import { ownDescriptors } from "../tests/support/own_descriptors.ts";
import { loadShim, shim } from "./library.ts";
import { Interrupt } from "./interrupt.ts";
import { system } from "./system.ts";

/** Library that exists wherever Deno runs, other than the shim. */
const OTHER_LIBRARY = "libm.so.6";

function findLibrary(name: string): string {
  for (const folder of ["/lib", "/usr/lib"]) {
    for (const place of [folder, `${folder}64`, `${folder}/${Deno.build.arch}-linux-gnu`]) {
      try {
        return Deno.realPathSync(`${place}/${name}`);
      } catch {
        // Try the next directory.
      }
    }
  }
  throw new Error(`there is no ${name}`);
}

interface Attempt {
  error: unknown;
  filesLeftOpen: string[];
}

/** Runs in a subprocess, since a loaded library stays for the life of the process. */
function attempt(bytes: Uint8Array<ArrayBuffer>): Attempt {
  const before = ownDescriptors();
  let error: unknown;
  try {
    loadShim(bytes);
  } catch (thrown) {
    error = thrown;
  }
  return { error, filesLeftOpen: [...ownDescriptors().difference(before)] };
}

const other = Deno.readFileSync(findLibrary(OTHER_LIBRARY));
const ATTEMPTS = {
  "a text": [attempt(new TextEncoder().encode("not a library")), "SHIM_LOAD"],
  "an empty file": [attempt(new Uint8Array()), "SHIM_LOAD"],
  "a library cut off in its magic": [attempt(other.slice(0, 3)), "SHIM_LOAD"],
  "a library cut off in its header": [attempt(other.slice(0, 40)), "SHIM_LOAD"],
  "another library": [attempt(other), "SHIM_SYMBOL"],
} as const;

for (const [title, [{ error, filesLeftOpen }, code]] of Object.entries(ATTEMPTS)) {
  Deno.test(`loadShim() refuses ${title}`, () => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "ShimError");
    assert.equal((error as Error & { code?: string }).code, code);
  });

  Deno.test(`loadShim() closes its file after ${title}`, () => {
    assert.deepEqual(filesLeftOpen, []);
  });
}

Deno.test("loadShim() names the missing function of another library", () => {
  assert.match(String(ATTEMPTS["another library"][0].error), /\bshim_\w+/);
});

/** Functions that the loop of a tool calls for each event, and whether calls compile them. */
const EACH_EVENT = ["shim_clock__now", "shim_fd__poll", "shim_fd__put"] as const;

/** Outside of a test: what is compiled stays for the life of the process. */
function compiledByCalls(): boolean[] {
  using interrupt = Interrupt.create();
  const before = EACH_EVENT.map((name) => shim()[name]);
  for (let i = 0; i < 8; i++) {
    system.clockNow(1);
    system.poll(new Uint8Array(8), 0n, interrupt);
    system.put(1, new Uint8Array());
  }
  return EACH_EVENT.map((name, i) => shim()[name] !== before[i]);
}

const areCompiled = compiledByCalls();

EACH_EVENT.forEach((name, i) => {
  Deno.test(`shim() compiles ${name}`, () => {
    assert.ok(areCompiled[i]);
  });
});
