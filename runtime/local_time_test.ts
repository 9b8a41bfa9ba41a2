import assert from "node:assert/strict";
import { localOffset, parsePosixZone } from "./local_time.ts";

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

/** Zones of which a C library shall have the same offsets. */
const ZONES = [
  "CET-1CEST,M3.5.0,M10.5.0/3",
  "UTC0",
  "<+0330>-3:30",
  "NZST-12NZDT,M9.5.0,M4.1.0/3",
  "EST5EDT4,M3.2.0/02:00:00,M11.1.0",
  "ABC-3:15:30DEF-5,J60/25,J300/-3",
  "ABC8DEF,59/0,300/167",
  "XXX+24",
  "IST-2IDT,M3.4.4/26,M10.5.0",
];

/** Moments around changes, in leap years and others, and far away. */
function moments(): number[] {
  const years = [1970, 2000, 2023, 2024, 2026, 2100];
  const days = [0, 58, 59, 60, 61, 70, 85, 90, 100, 270, 299, 300, 301, 306, 310, 364, 365];
  return years.flatMap((year) =>
    days.flatMap((day) =>
      [0, 1, 2, 3, 5, 7, 11, 13, 17, 21, 23].map((hour) => Date.UTC(year, 0, 1 + day, hour) / 1000)
    )
  );
}

Deno.test("parsePosixZone() has the offsets of the C library", async () => {
  const times = moments();
  const input = times.map((time) => `@${time}`).join("\n");
  for (const TZ of ZONES) {
    const child = new Deno.Command("date", {
      args: ["-f", "-", "+%::z"],
      env: { TZ },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const lines = new TextDecoder().decode((await child.output()).stdout).trimEnd().split("\n");
    const zone = parsePosixZone(TZ);
    assert.ok(zone !== undefined, TZ);
    const own = times.map((time) => `${time} ${zone(time)}`);
    const theirs = lines.map((line, i) => {
      const [h = 0, m = 0, s = 0] = line.slice(1).split(":").map(Number);
      const size = h * 3600 + m * 60 + s;
      return `${times[i]} ${line.startsWith("-") ? 0 - size : size}`;
    });
    assert.deepEqual(own, theirs, TZ);
  }
});

Deno.test("parsePosixZone() has a summer time without rules", () => {
  const zone = parsePosixZone("EST5EDT");
  const at = (iso: string) => zone?.(Date.parse(iso) / 1000);
  assert.equal(at("2026-03-08T06:59:59Z"), -18_000);
  assert.equal(at("2026-03-08T07:00:00Z"), -14_400);
  assert.equal(at("2026-11-01T06:00:00Z"), -18_000);
});

Deno.test("parsePosixZone() refuses what is not a description", () => {
  for (
    const text of [
      ...["", "UTC", "Europe/Berlin", "A1", "CET-25", "CET-1:60", "CET-1CEST,M13.1.0,M10.5.0"],
      ...["CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "<+3>3x"],
      ...["CET-1CEST,J1,366", "CET-1CEST,J1", "CET-1CEST,J1,J2,J3", "CET-1CEST,J1/168,J2", "CET"],
    ]
  ) assert.equal(parsePosixZone(text), undefined, text);
});
