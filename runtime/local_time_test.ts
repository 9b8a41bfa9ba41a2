import assert from "node:assert/strict";
import { localOffset } from "./local_time.ts";

Deno.test("localOffset() follows the zone's rules at that moment", async () => {
  const offset = async (zone: string, iso: string) => {
    const script = `import { localOffset } from ${
      JSON.stringify(new URL("local_time.ts", import.meta.url).href)
    }; console.log(localOffset(BigInt(Date.parse(${JSON.stringify(iso)}) / 1000)));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      env: { TZ: zone, NO_COLOR: "1" },
    }).output();
    return Number(new TextDecoder().decode(stdout));
  };
  assert.equal(await offset("UTC", "2026-07-01T00:00:00Z"), 0);
  assert.equal(await offset("Europe/Berlin", "2026-07-01T00:00:00Z"), 7200);
  assert.equal(await offset("Europe/Berlin", "2026-01-01T00:00:00Z"), 3600);
  assert.equal(await offset("Asia/Kolkata", "2026-01-01T00:00:00Z"), 19_800);
  assert.equal(await offset("America/St_Johns", "2026-01-01T00:00:00Z"), -12_600);
  const described = "CET-1CEST,M3.5.0,M10.5.0/3";
  assert.equal(await offset(described, "2026-03-29T00:59:59Z"), 3600);
  assert.equal(await offset(described, "2026-03-29T01:00:00Z"), 7200);
  assert.equal(await offset(described, "2026-10-25T01:00:00Z"), 3600);
  assert.equal(await offset(":Asia/Kolkata", "2026-01-01T00:00:00Z"), 19_800);
  assert.equal(await offset("GMT+5", "2026-01-01T00:00:00Z"), -18_000);
});

Deno.test("localOffset() returns an offset for every number", () => {
  for (const seconds of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 8_640_000_000_000n]) {
    assert.ok(Math.abs(localOffset(seconds)) <= 86_400);
  }
  assert.equal(localOffset(2n ** 62n), 0);
});
