/** Stacks of traps: functions by index and name, and lines if the module has DWARF. */
import assert from "node:assert/strict";
import { compileGuest, GuestTrap, runGuest, type RunOptions } from "../../runtime/mod.ts";
import { TestFolder } from "../support/folder.ts";
import { succeed } from "../support/succeed.ts";
import { assemble } from "../support/wat.ts";
import "../support/whole_shim.ts";

const SOURCE = `static volatile int rounds;
__attribute__((noinline)) static int deepest(int x)
{
  for (int i = 0; i < 3; i++)
    rounds += i;
  if (x > rounds - 100)
    __builtin_trap();
  return x;
}
__attribute__((noinline)) int middle(int x)
{
  for (int i = 0; i < 2; i++)
    rounds += i;
  return deepest(x + 1) + 1;
}
int main(int argc, char **argv)
{
  (void)argv;
  return middle(argc);
}
`;

const WASI = ["--sysroot=/", "-isystem", "/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi"];

/** Builds the source with additional options. */
async function build(...options: string[]): Promise<Uint8Array<ArrayBuffer>> {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("tool.c"), SOURCE);
  const output = folder.at("tool.wasm");
  const fixed = ["--target=wasm32-wasi", "-O1", ...WASI, folder.at("tool.c"), "-o", output];
  await succeed("clang", ...fixed, ...options);
  return await Deno.readFile(output);
}

function trapOf(bytes: Uint8Array<ArrayBuffer>, options: RunOptions = {}): GuestTrap {
  try {
    runGuest(compileGuest(bytes, "tool.wasm"), options);
  } catch (error) {
    assert.ok(error instanceof GuestTrap, String(error));
    return error;
  }
  assert.fail("it did not trap");
}

const RUNS: Record<string, RunOptions> = {
  "as it is": {},
  "with a limit of memory": { limits: { memoryBytes: 2 ** 26 } },
  "stoppable": { limits: { timeMs: 60_000 } },
};

for (const [how, options] of Object.entries(RUNS)) {
  for (const version of [4, 5]) {
    Deno.test(`a trap of a module with DWARF ${version}, run ${how}, shows lines`, async () => {
      const { detail = "", hint } = trapOf(await build(`-gdwarf-${version}`), options);
      const frames = detail.split("\n");
      assert.match(frames[0] ?? "", /^at deepest function\[\d+\]:0x\w+ \(.*tool\.c:7\)$/);
      assert.match(frames[1] ?? "", /^at middle function\[\d+\]:0x\w+ \(.*tool\.c:14\)$/);
      assert.match(frames[2] ?? "", /^at main function\[\d+\]:0x\w+ \(.*tool\.c:19\)$/);
      assert.match(hint ?? "", /lines above/);
    });
  }

  Deno.test(`a trap of a stripped module, run ${how}, shows indices and a hint`, async () => {
    const { detail = "", hint } = trapOf(await build("-Wl,--strip-all"), options);
    assert.match(detail, /^at function\[\d+\]:0x\w+\nat function\[\d+\]:0x/);
    assert.match(hint ?? "", /-g.*DEBUG=1/);
  });
}

Deno.test("a frame's index counts imported functions, and its name matches", () => {
  const bytes = assemble(`(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (func $unused) (func $b unreachable) (func $a (call $b))
    (func (export "_start") (call $a)))`);
  const [first, second, third] = (trapOf(bytes).detail ?? "").split("\n");
  assert.match(first ?? "", /function\[2\]:0x/);
  assert.match(second ?? "", /function\[3\]:0x/);
  assert.match(third ?? "", /function\[4\]:0x/);
});

Deno.test("damaged debug information and names change only the printed stack", async () => {
  const whole = await build("-gdwarf-5");
  const text = new TextDecoder("latin1").decode(whole);
  for (const section of [".debug_line", ".debug_line_str", "name"]) {
    // The length precedes a section's name.
    const at = text.lastIndexOf(String.fromCharCode(section.length) + section) + section.length + 1;
    for (let round = 0; round < 20; round++) {
      const damaged = whole.slice();
      damaged[at + round] = (damaged[at + round] ?? 0) ^ (round % 2 === 0 ? 0xff : 0x80);
      assert.match(trapOf(damaged).detail ?? "", /^at /, `${section} ${round}`);
    }
  }
});
