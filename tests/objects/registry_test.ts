/** Objects and packages in registries: pushed by us, and artifacts of others. */
import assert from "node:assert/strict";
import { putBytes, putManifest } from "../support/artifacts.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";

const OBJECT = fromFileUrl("../../dist/tests/objects/ring-kept.bpf.o");
const EVENT = /"number":7,"value":1234567/;
const CALLER = ["perl", "-e", "getpgrp(0)"];

Deno.test("run takes objects from a registry, whatever made the artifact", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const pushed = await place.run(["push", "--quiet", OBJECT, `${registry.host}/tool:v1`]);
  assert.equal(pushed.code, 0, pushed.stderr);
  const bytes = await Deno.readFile(OBJECT);
  const config = await putBytes(registry, "other", new TextEncoder().encode("{}"));
  const layer = await putBytes(registry, "other", bytes);
  for (
    const [tag, configType, layerType] of [
      [
        "gadget",
        "application/vnd.gadget.config.v1+yaml",
        "application/vnd.gadget.ebpf.program.v1+binary",
      ],
      [
        "bee",
        "application/ebpf.oci.image.config.v1+json",
        "application/ebpf.oci.image.program.v1+binary",
      ],
    ] as const
  ) {
    await putManifest(registry, { repository: "other", tag }, {
      config: { mediaType: configType, ...config },
      layers: [{ mediaType: layerType, ...layer }],
    });
  }
  for (const reference of ["tool:v1", "other:gadget", "other:bee"]) {
    const { stdout, stderr } = await place.run(
      ["-o", "jsonl", "--count", "1", "--timeout", "5s", `${registry.host}/${reference}`, "--"]
        .concat(CALLER),
    );
    assert.match(stdout, EVENT, `${reference}: ${stderr}`);
  }
});
