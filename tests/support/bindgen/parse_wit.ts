// deno-lint-ignore-file no-console
/**
 * Parses WIT files with wasm-tools: `parse_wit.ts WASM_TOOLS FILE…`. Prints a line of JSON for each: the
 * text of a component that uses it, with the types that the world's functions need, or an error.
 */
const [tools = "", ...files] = Deno.args;
const { $init, tools: wasmTools } = await import(tools);
await $init;

for (const file of files) {
  const witSource = await Deno.readTextFile(file);
  let outcome: { wat?: string; error?: string };
  try {
    const module = wasmTools.componentEmbed({ dummy: true, witSource, worldName: "host" });
    outcome = { wat: wasmTools.print(wasmTools.componentNew(module, [])) };
  } catch (error) {
    const payload = (error as { payload?: unknown }).payload;
    outcome = { error: String(payload ?? error) };
  }
  console.log(JSON.stringify({ file, ...outcome }));
}
