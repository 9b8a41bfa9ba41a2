// deno-lint-ignore-file no-console
/**
 * Parses WIT files with wasm-tools: `parse_wit.ts WASM_TOOLS FILE…`. Prints a line of JSON for each: the
 * WIT of a component that uses it, as far as a function of the world needs it, or an error.
 */
const [tools = "", ...files] = Deno.args;
const { $init, tools: wasmTools } = await import(tools);
await $init;

for (const file of files) {
  const witSource = await Deno.readTextFile(file);
  let outcome: { wit?: string; error?: string };
  try {
    const module = wasmTools.componentEmbed({ dummy: true, witSource, worldName: "host" });
    outcome = { wit: wasmTools.componentWit(wasmTools.componentNew(module, [])) };
  } catch (error) {
    const payload = (error as { payload?: unknown }).payload;
    outcome = { error: String(payload ?? error) };
  }
  console.log(JSON.stringify({ file, ...outcome }));
}
