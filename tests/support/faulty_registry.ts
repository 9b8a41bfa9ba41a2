/** A registry with one artifact, a client with short delays, and how a transfer ended. */
import assert from "node:assert/strict";
import {
  bytesSource,
  type CredentialSource,
  type Descriptor,
  digestOf,
  HostError,
  Registry,
  type Timing,
} from "../../oci/mod.ts";
import { OCI_MANIFEST, WASM_CNCF_CONFIG, WASM_LAYER } from "../../oci/media_types.ts";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { TestRegistry } from "./registry.ts";
import { withScales } from "./timely.ts";

/** Short timeouts for permanent faults, but long enough for a busy machine. */
export const TIMING: Partial<Timing> = {
  idleMs: 5000,
  commitMs: 5000,
  attempts: 4,
  backoffMs: 4,
  longestWaitMs: 1500,
};

export const MODULE = new Uint8Array(300_000);

MODULE.set([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

for (let i = 8; i < MODULE.length; i++) MODULE[i] = (i * 2654435761) >>> 24;

export const SMALL = new TextEncoder().encode("{}");

export const BLOB = describe(MODULE, WASM_LAYER);

export const CONFIG = describe(SMALL, WASM_CNCF_CONFIG);

export const MANIFEST = new TextEncoder().encode(JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: CONFIG,
  layers: [BLOB],
}));

export const MANIFEST_DESCRIPTOR = describe(MANIFEST, OCI_MANIFEST);

export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export const blobs = new RegExp(`^/v2/x/blobs/${BLOB.digest}$`);

export const manifests = /^\/v2\/x\/manifests\//;

export const ALWAYS = 1000;

/** Faults and the outcome: `ok`, or the code of the error. */
export interface Case {
  readonly fault: Fault | readonly Fault[];
  readonly ends: "ok" | string;
  /** Further checks. */
  readonly check?: (proxy: FaultProxy, error: HostError | undefined) => void;
  /** Idle timeout for faults that are silence. */
  readonly idleMs?: number;
}

// Relative addresses, so that the client stays on the proxy.
export const registry = await TestRegistry.start({ relativeUrls: true });
{
  using client = new Registry(registry.host);
  const repository = client.repository("x");
  await repository.push(BLOB, bytesSource(MODULE));
  await repository.push(CONFIG, bytesSource(SMALL));
  await repository.putManifest(MANIFEST, { mediaType: OCI_MANIFEST, tag: "v1" });
}

// The registry ends with the test process.
addEventListener("unload", () => {
  Deno.removeSync(registry.storage.replace(/\/storage$/, ""), { recursive: true });
});

export function clientOf(
  proxy: FaultProxy,
  options: { credentials?: CredentialSource; idleMs?: number | undefined } = {},
): Registry {
  const { credentials, idleMs } = options;
  const timing = idleMs === undefined
    ? TIMING
    : { ...TIMING, idleMs, commitMs: idleMs, requestMs: idleMs * 4 };
  return new Registry(proxy.host, { timing, credentials });
}

export async function outcome(work: () => Promise<unknown>): Promise<HostError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof HostError, `not an error of ours: ${error}`);
    return error;
  }
}

export function ended(error: HostError | undefined): string {
  return error?.code ?? "ok";
}

/** Returns a fault whose pauses are that much longer. */
function slower(fault: Fault, scale: number): Fault {
  return fault.dripMs === undefined ? fault : { ...fault, dripMs: fault.dripMs * scale };
}

/**
 * Runs a case; one that is about silence runs again with longer times until it ends as expected, since a
 * loaded machine is silent, too.
 */
export async function runCase(
  { fault, idleMs }: Case,
  attempt: (faults: Fault[], idleMs: number | undefined) => Promise<void>,
): Promise<void> {
  const faults = [fault].flat();
  if (idleMs === undefined) return await attempt(faults, undefined);
  await withScales((scale) => attempt(faults.map((one) => slower(one, scale)), idleMs * scale));
}
