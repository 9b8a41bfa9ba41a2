/** Files written by cosign: see `tests/data/cosign/README.md`. */
import { digestOf } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import { PrivateKey } from "../../oci/trust/private_key.ts";
import { PublicKey } from "../../oci/trust/public_key.ts";
import { signatureTag } from "../../oci/trust/signatures.ts";
import { MemoryContent } from "./memory_content.ts";
import { fromFileUrl } from "./paths.ts";

/** Password of all its private keys. */
export const PASSWORD = "for tests only";

/** Returns the path of a file. */
export function cosignFile(name: string): string {
  return fromFileUrl(`../data/cosign/${name}`);
}

/** Reads a file. */
export function cosignBytes(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(cosignFile(name));
}

/** Reads a public key, such as `p256`. */
export function cosignKey(name: string): PublicKey {
  return PublicKey.parse(Deno.readTextFileSync(cosignFile(`${name}.pub`)), `${name}.pub`);
}

const privateKeys = new Map<string, Promise<PrivateKey>>();

/** Reads a private key; decryption takes half a second, once. */
export function cosignPrivateKey(name: string): Promise<PrivateKey> {
  const pem = Deno.readTextFileSync(cosignFile(`${name}.key`));
  const key = privateKeys.get(name) ?? PrivateKey.parse(pem, { name, password: PASSWORD });
  privateKeys.set(name, key);
  return key;
}

/** Manifest that all signatures sign. */
export const TOOL: Digest = digestOf(cosignBytes("tool.manifest.json"));

/** Returns a repository with the signatures of one case, in the places of cosign. */
export function signedRepository(name: string): MemoryContent {
  const repository = new MemoryContent();
  addSignatures(repository, name);
  return repository;
}

/** Adds the signatures of a case to a repository. */
export function addSignatures(repository: MemoryContent, name: string): void {
  const manifest = repository.put(cosignBytes(`${name}.manifest.json`));
  for (const { name: file } of Deno.readDirSync(cosignFile(""))) {
    if (/\.(config|payload|bundle)\d*\.json$/.test(file) && file.startsWith(`${name}.`)) {
      repository.put(cosignBytes(file));
    }
  }
  const json = JSON.parse(new TextDecoder().decode(cosignBytes(`${name}.manifest.json`)));
  if (json.subject === undefined) repository.names.set(signatureTag(TOOL) ?? "", manifest);
  else repository.about.set(TOOL, [...repository.about.get(TOOL) ?? [], manifest]);
}
