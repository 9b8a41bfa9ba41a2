import assert from "node:assert/strict";
import {
  cosignBytes,
  cosignFile,
  cosignKey,
  signedRepository,
  TOOL,
} from "../../tests/support/cosign_data.ts";
import { MemoryContent } from "../../tests/support/memory_content.ts";
import { bytesSource } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { ArtifactError, HostError } from "../errors.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import { parseReference } from "../reference.ts";
import { fsck, Store } from "../store/mod.ts";
import { paths } from "../store/layout.ts";
import { Guard } from "./guard.ts";
import { repositorySignatures, type SignatureSource } from "./signatures.ts";
import { keepSignatures, storedSignatures, vouchingDigests } from "./stored_signatures.ts";
import { verifySignatures } from "./verify.ts";

/** Store in a temporary directory. */
class TestStore implements AsyncDisposable {
  readonly folder: string;
  readonly store: Store;

  private constructor(folder: string, store: Store) {
    this.folder = folder;
    this.store = store;
  }

  static async create(): Promise<TestStore> {
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-trust-" });
    return new TestStore(folder, await Store.open(`${folder}/store`));
  }

  async push(mediaType: string, value: unknown): Promise<Descriptor> {
    const bytes = value instanceof Uint8Array
      ? value as Uint8Array<ArrayBuffer>
      : new TextEncoder().encode(JSON.stringify(value));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await this.store.push(descriptor, bytesSource(bytes));
    return descriptor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const requirements = [{ source: "test", keys: [cosignKey("p256")] }];

const verify = (source: SignatureSource) =>
  verifySignatures({ what: "tool", digests: [TOOL], requirements, source });

for (const name of ["p256-tag", "p256-bundle", "p256-referrer"]) {
  Deno.test(`keepSignatures() makes ${name} good without the registry, through a prune`, async () => {
    await using at = await TestStore.create();
    const source = repositorySignatures(signedRepository(name));
    await at.push("application/vnd.wasm.config.v1+json", new TextEncoder().encode("{}"));
    await at.push(
      "application/vnd.wasm.content.layer.v1+wasm",
      new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
    );
    const tool = await at.push(OCI_MANIFEST, cosignBytes("tool.manifest.json"));
    await at.store.tag(tool, "localhost:5000/test/tool:v1");
    await assert.rejects(verify(storedSignatures(at.store)), { code: "NOT_SIGNED" });
    await keepSignatures(await verify(source), { source, store: at.store });
    {
      await using pruning = await Store.open(`${at.folder}/store`);
      await pruning.prune();
    }
    const [verdict] = await verify(storedSignatures(at.store));
    assert.equal(verdict?.digest, TOOL);
    assert.deepEqual((await fsck(at.store.path)).problems, []);

    const path = paths.blob(at.store.path, verdict?.signature.digest ?? "");
    const bytes = await Deno.readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await Deno.writeFile(path, bytes);
    await assert.rejects(verify(storedSignatures(at.store)), { code: "BAD_SIGNATURE" });
  });
}

Deno.test("Guard.verifyStored() fetches and stores signatures that the store lacks", async () => {
  await using at = await TestStore.create();
  const tool = await at.push(OCI_MANIFEST, cosignBytes("tool.manifest.json"));
  await at.store.tag(tool, "localhost:5000/test/tool:v1");
  const reference = parseReference("localhost:5000/test/tool:v1");
  const options = { verifyKeys: [cosignFile("p256.pub")], policies: [] };
  const guard = new Guard(reference, options);
  const artifact = { manifest: TOOL, root: TOOL };
  await assert.rejects(guard.verifyStored(at.store, artifact), { code: "NOT_SIGNED" });

  const unreachable = new ArtifactError("Cannot reach it", { code: "UNREACHABLE" });
  const remote = new MemoryContent();
  remote.referrers = () => Promise.reject(unreachable);
  const failing = { elsewhere: () => Promise.resolve(repositorySignatures(remote)) };
  await assert.rejects(guard.verifyStored(at.store, artifact, failing), (error) => {
    assert.ok(error instanceof HostError);
    assert.deepEqual([error.code, error.detail], ["NOT_SIGNED", "registry: Cannot reach it"]);
    return true;
  });

  const source = repositorySignatures(signedRepository("p256-tag"));
  const elsewhere = () => Promise.resolve(source);
  await guard.verifyStored(at.store, artifact, { elsewhere });
  await guard.verifyStored(at.store, artifact, failing);
  await guard.verifyStored(at.store, artifact);
  await new Guard(reference, { policies: [] }).verifyStored(at.store, artifact);
});

Deno.test("vouchingDigests() includes an index only if it contains the manifest", async () => {
  await using at = await TestStore.create();
  const tool = await at.push(OCI_MANIFEST, cosignBytes("tool.manifest.json"));
  const index = (manifests: Descriptor[]) =>
    at.push(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  const leading = await index([{ ...tool, digest: digestOf(new Uint8Array()) }, tool]);
  const outer = await index([leading]);
  const other = await index([{ ...tool, digest: digestOf(new Uint8Array()) }]);
  const absent = { ...other, digest: digestOf(Uint8Array.of(1)) };
  const ask = ({ digest: root }: Descriptor) =>
    vouchingDigests(at.store.path, { manifest: tool.digest, root });
  assert.deepEqual(ask(tool), [tool.digest]);
  assert.deepEqual(ask(leading), [tool.digest, leading.digest]);
  assert.deepEqual(ask(outer), [tool.digest, outer.digest]);
  for (const root of [other, absent]) assert.deepEqual(ask(root), [tool.digest]);

  const path = paths.blob(at.store.path, leading.digest);
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("{", " {"));
  assert.deepEqual(ask(leading), [tool.digest]);
});
