/** A plain run parses and loads no more than it does today: every kilobyte is paid at each start. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fromFileUrl } from "../support/paths.ts";
import { WASM_BPF } from "../support/cli.ts";

const SCRIPT = fromFileUrl("../../.cache/scripts/start.js");
const CODE = fromFileUrl("../../.cache/scripts/start.code");

/** In kB and modules; lower them when the start gets smaller. */
const MOST = { script: 212, code: 700, modules: 168, appended: 8 } as const;

const REASON =
  "the start of every run pays for it: import what few runs need in cli/dispatch.ts or " +
  "by import(), or raise the bound with the figures of ./dev bench startup in the commit";

Deno.test("the script of a plain run stays small", async () => {
  for (const [path, most] of [[SCRIPT, MOST.script], [CODE, MOST.code]] as const) {
    const { size } = await Deno.stat(path);
    assert.ok(size <= most * 1000, `${path} has ${size} bytes, at most ${most} kB: ${REASON}`);
  }
});

Deno.test("a plain run loads few modules", async () => {
  const modules = await staticModules("cli/mod.ts");
  assert.ok(modules > 50, `${modules} modules were found`);
  assert.ok(modules <= MOST.modules, `${modules} modules, at most ${MOST.modules}: ${REASON}`);
});

Deno.test("Deno reads little of the program at a start", async () => {
  using program = await Deno.open(WASM_BPF);
  const end = new Uint8Array(16);
  await program.seek(-end.length, Deno.SeekMode.End);
  await program.read(end);
  // The last word of what `deno compile` appends is its size, which Deno reads as a whole.
  const size = new DataView(end.buffer).getUint32(8, true);
  assert.ok(size > 100, `${size} bytes`);
  assert.ok(size <= MOST.appended * 1000, `${size} bytes: carry files by build/steps/carried.ts`);
});

Deno.test("the program holds V8's code of the script", async () => {
  const program = Buffer.from(await Deno.readFile(WASM_BPF));
  for (const path of [SCRIPT, CODE]) {
    const content = Buffer.from(await Deno.readFile(path));
    assert.ok(content.length > 100_000, `${path} has ${content.length} bytes`);
    assert.ok(program.includes(content), `${path} is not in the program`);
  }
});

Deno.test("a program whose code V8 refuses runs without it", async () => {
  const program = Buffer.from(await Deno.readFile(WASM_BPF));
  const at = program.indexOf(Buffer.from(await Deno.readFile(CODE)));
  assert.ok(at > 0);
  // The second word of the header is V8's version.
  program.writeUInt32LE(program.readUInt32LE(at + 4) ^ 1, at + 4);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, program);
    await Deno.chmod(path, 0o755);
    const { code, stdout } = await new Deno.Command(path, { args: ["--version"] }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /^wasm-bpf /);
  } finally {
    await Deno.remove(path);
  }
});

/** Counts the modules of the checkout that a module imports without `import()`. */
async function staticModules(entry: string): Promise<number> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--quiet", entry],
    cwd: fromFileUrl("../../"),
    stdin: "null",
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as Graph;
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const reached = new Set(roots);
  for (const specifier of reached) {
    for (const { isDynamic, code } of known.get(specifier)?.dependencies ?? []) {
      const target = code?.specifier;
      if (isDynamic !== true && target?.startsWith("file:")) reached.add(target);
    }
  }
  return reached.size;
}

/** Members of `deno info --json` that are read here. */
interface Graph {
  roots: string[];
  modules: {
    specifier: string;
    dependencies?: { isDynamic?: boolean; code?: { specifier?: string } }[];
  }[];
}
