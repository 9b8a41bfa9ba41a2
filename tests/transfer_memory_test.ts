/** Memory of pull and push does not grow with what they transfer. */
import assert from "node:assert/strict";
import { makeLargeModule } from "./support/artifacts.ts";
import { Place } from "./support/place.ts";
import { TestRegistry } from "./support/registry.ts";
import { soakSize } from "./support/soak.ts";

const MIB = 2 ** 20;
const LARGE_MIB = soakSize({ short: 256, whole: 1024 });

/** For 1 GiB as for 256 MiB: what `fetch` was given to send is V8's to collect, when it comes to it. */
const ALLOWED_MIB: Record<string, number> = { pull: 48, push: 96 };

/** Runs a command; the memory that it had in RAM at the most. */
async function peakMib(place: Place, ...args: string[]): Promise<number> {
  const through = ["/usr/bin/time", "--format", "%M"];
  const { code, stderr } = await place.run(args, { through });
  assert.equal(code, 0, stderr);
  return Number(stderr.trimEnd().split("\n").at(-1)) / 1024;
}

Deno.test(`pull and push of ${LARGE_MIB} MiB take little more memory than of 1 MiB`, async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const peaks: Record<string, Record<string, number>> = { push: {}, pull: {} };
  for (const [size, mib] of Object.entries({ small: 1, large: LARGE_MIB })) {
    const file = `${place.folder}/${size}.wasm`;
    await makeLargeModule(file, mib * MIB);
    const reference = `${registry.host}/memory/${size}:v1`;
    for (const [command, args] of Object.entries({ push: [file], pull: [] })) {
      const peak = await peakMib(place, command, "--quiet", ...args, reference);
      peaks[command] = { ...peaks[command], [size]: peak };
    }
    await Deno.remove(file);
  }
  for (const [command, { small = 0, large = Infinity }] of Object.entries(peaks)) {
    const more = large - small;
    assert.ok(more < (ALLOWED_MIB[command] ?? 0), `${command}: ${small} and ${large} MiB`);
  }
});
