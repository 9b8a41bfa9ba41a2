/** The dashboard of `deploy/grafana/` asks for metrics that `docs/metrics.md` lists. */
import assert from "node:assert/strict";
import dashboard from "../../deploy/grafana/wasm-bpf.json" with { type: "json" };

Deno.test("the dashboard uses documented names of metrics", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length >= 8);
  for (const expression of expressions) {
    for (const [name] of expression.matchAll(/wasm_bpf_(?!record_)\w+/g)) {
      assert.ok(docs.includes(`\`${name}\``), name);
    }
  }
});
