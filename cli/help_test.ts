import assert from "node:assert/strict";
import { HELP } from "./help.ts";
import { COMMANDS } from "./commands.ts";
import { RUN_OPTIONS } from "./run_options.ts";

Deno.test("HELP shows every option with its short form and its argument", () => {
  for (const [name, spec] of Object.entries(RUN_OPTIONS)) {
    const short = "short" in spec ? `-${spec.short}, ` : "    ";
    const isOptional = "optional" in spec;
    const argument = !("argument" in spec)
      ? ""
      : isOptional
      ? `[=${spec.argument}]`
      : ` ${spec.argument}`;
    assert.ok(HELP.includes(`  ${short}--${name}${argument}`), name);
  }
});

Deno.test("HELP shows no option that there is not", () => {
  for (const [, name] of HELP.matchAll(/--([\w-]+)/g)) {
    assert.ok(Object.hasOwn(RUN_OPTIONS, name ?? ""), name);
  }
});

Deno.test("HELP shows every command, and each has a help that fits a terminal", async () => {
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    assert.ok(HELP.includes(`\n  ${name} `) && HELP.includes(summary), name);
    const module = await load();
    for (const line of module.HELP.split("\n")) assert.ok(line.length <= 80, line);
    assert.match(module.HELP, /^Usage: wasm-bpf /m);
  }
});

Deno.test("HELP fits a terminal of 80 columns", () => {
  for (const line of HELP.split("\n")) assert.ok(line.length <= 80, line);
});
