import assert from "node:assert/strict";
import { COMMANDS } from "./commands/mod.ts";
import { PAGE } from "./commands/run.ts";
import { mainHelp } from "./help.ts";
import { optionForm, renderHelp, shownOptions } from "./args/help_text.ts";
import type { OptionSpec } from "./args/options.ts";
import { RUN_OPTIONS } from "./args/run_options.ts";

/** Aliases that scripts of other tools use; help does not show them. */
const HIDDEN = ["annotations", "insecure", "out", "use-http"];

async function pages() {
  return await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => [name, (await load()).PAGE] as const),
  );
}

Deno.test("help shows every option with its short form, argument and effect", async () => {
  for (const [name, page] of await pages()) {
    const text = renderHelp(page);
    for (const [option, spec] of Object.entries(page.options)) {
      const isShown = text.includes(`  ${optionForm(option, spec)}`);
      assert.equal(isShown, !HIDDEN.includes(option), `${name} --${option}`);
    }
  }
});

Deno.test("help mentions no option that does not exist", async () => {
  const known = new Set((await pages()).flatMap(([, page]) => Object.keys(page.options)));
  const foreign = ["key"];
  for (const [name, page] of await pages()) {
    for (const [, option = ""] of renderHelp(page).matchAll(/--([a-z][\w-]+)/g)) {
      assert.ok(
        option === "help" || known.has(option) || foreign.includes(option),
        `${name}: ${option}`,
      );
    }
  }
});

Deno.test("help of every command fits a terminal of 80 columns and shows its usage", async () => {
  for (const [name, page] of await pages()) {
    const text = renderHelp(page);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    assert.match(text, /^Usage: wasm-bpf /m, name);
    assert.doesNotMatch(text, / $/m);
  }
});

Deno.test("mainHelp() shows the options of run and every command with its summary", async () => {
  const text = await mainHelp();
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  for (const name of Object.keys(RUN_OPTIONS)) assert.ok(text.includes(`--${name}`), name);
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    assert.ok(text.includes(`\n  ${name} `) && text.includes(summary), name);
    assert.ok(summary.split(" ").length <= 7, summary);
  }
});

Deno.test("shownOptions() adds --help once, after the others", () => {
  const options: Record<string, OptionSpec> = { all: { help: "show all" }, alias: {} };
  assert.deepEqual(shownOptions({ ...PAGE, options }).map(([name]) => name), ["all", "help"]);
  assert.equal(shownOptions(PAGE).filter(([name]) => name === "help").length, 1);
});

Deno.test("renderHelp() puts the text of a long option on a line of its own, and wraps it", () => {
  const text = renderHelp({
    usage: ["x [OPTIONS]", "x FILE"],
    about: "Does something.",
    options: {
      "a-very-long-option-name": { argument: "WITH|MANY|CHOICES", help: "word ".repeat(40).trim() },
    },
  });
  assert.match(text, /^Usage: wasm-bpf x \[OPTIONS\]\n {7}wasm-bpf x FILE$/m);
  assert.match(text, /CHOICES\n +word/);
});
