/** Memory of pull and push does not grow with the size of the transfer. */
import assert from "node:assert/strict";
import { makeLargeModule } from "../support/artifacts.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import { soakSize } from "../support/soak.ts";

const MIB = 2 ** 20;
const LARGE_MIB = soakSize({ short: 256, whole: 1024 });

/** Allowed growth, for any size: V8 collects the sent chunks of `fetch` late. */
const ALLOWED_MIB: Record<string, number> = { pull: 48, push: 96, "push -": 96 };

/** Runs a command with a file piped into it and returns its peak resident memory. */
async function peakMib(place: Place, args: string[], input = "/dev/null"): Promise<number> {
  const piped = `cat "${input}" | exec /usr/bin/time --format %M "$@"`;
  const through = ["/bin/sh", "-c", piped, "sh"];
  const { code, stderr } = await place.run(args, { through });
  assert.equal(code, 0, stderr);
  return Number(stderr.trimEnd().split("\n").at(-1)) / 1024;
}

Deno.test(`pull and push of ${LARGE_MIB} MiB take little more memory than of 1 MiB`, async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const peaks: Record<string, Record<string, number>> = {};
  for (const [size, mib] of Object.entries({ small: 1, large: LARGE_MIB })) {
    const file = `${place.folder}/${size}.wasm`;
    await makeLargeModule(file, mib * MIB);
    const reference = `${registry.host}/memory/${size}:v1`;
    const piped = `${registry.host}/memory/piped-${size}:v1`;
    const measured = {
      "push": await peakMib(place, ["push", "--quiet", file, reference]),
      "push -": await peakMib(place, ["push", "--quiet", "-", piped], file),
      "pull": await peakMib(place, ["pull", "--quiet", reference]),
    };
    for (const [command, peak] of Object.entries(measured)) {
      peaks[command] = { ...peaks[command], [size]: peak };
    }
    await Deno.remove(file);
  }
  for (const [command, { small = 0, large = Infinity }] of Object.entries(peaks)) {
    const more = large - small;
    assert.ok(more < (ALLOWED_MIB[command] ?? 0), `${command}: ${small} and ${large} MiB`);
  }
});
