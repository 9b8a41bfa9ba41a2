/** Users with keys and policies, who push, pull and run signed modules. */
import assert from "node:assert/strict";
import { cosignFile, PASSWORD } from "./cosign_data.ts";
import type { CliResult } from "./cli.ts";
import { Place, speaking } from "./place.ts";

export const KEY = cosignFile("p256.key");

export const PUB = cosignFile("p256.pub");

export const OTHER_PUB = cosignFile("p384.pub");

export const PASSWORD_OF_KEY = { env: { COSIGN_PASSWORD: PASSWORD } };

export const LINE = "signed and sealed";

export const MODULE = speaking(LINE);

export const OTHER_MODULE = speaking("something else");

/** Pushes a module, optionally signed, and returns its digest. */
export async function push(
  place: Place,
  reference: string,
  options: { module?: Uint8Array<ArrayBuffer>; key?: string } = {},
): Promise<string> {
  const file = await place.write("tool.wasm", options.module ?? MODULE);
  const sign = options.key === undefined ? [] : ["--sign-key", options.key];
  const words = ["push", "--json", ...sign, "--created", "2026-01-01T00:00:00Z", file, reference];
  return JSON.parse(await place.succeed(words, PASSWORD_OF_KEY)).digest;
}

/** Asserts that a command failed with a text, and ran nothing. */
export function assertRefused(result: CliResult, error: RegExp): void {
  assert.equal(result.code, 1, result.stdout + result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, error);
  assert.match(result.stderr, /^hint: /m);
}

export async function writePolicy(place: Place, references: unknown): Promise<void> {
  await place.write("config/wasm-bpf/policy.json", JSON.stringify({ references }));
}

export const path = (place: Place, digest: string): string =>
  `${place.store}/blobs/${digest.replace(":", "/")}`;

/** Changes one byte of a blob in the store. */
export async function damage(file: string): Promise<void> {
  const bytes = await Deno.readFile(file);
  const at = bytes.length - 10;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await Deno.chmod(file, 0o600);
  await Deno.writeFile(file, bytes);
}
