import assert from "node:assert/strict";
import { grantsFor, type KeptGrant, type Origin, repositoryOf } from "./kept_grants.ts";

const GRANT = { levels: ["network"], kfuncs: [], since: "2026-01-01T00:00:00Z" };
const SIGNED: KeptGrant = { repository: "ghcr.io/you/tool", key: "KEY", ...GRANT };
const UNSIGNED: KeptGrant = { repository: "ghcr.io/you/tool", digest: "sha256:1", ...GRANT };

function origin(parts: Partial<Origin>): Origin {
  return { repository: "ghcr.io/you/tool", digest: "sha256:2", signers: [], ...parts };
}

Deno.test("grantsFor() matches a repository with its signer, or with its digest", () => {
  const grants = [SIGNED, UNSIGNED];
  const signers = [{ fingerprint: "OTHER", name: "b" }, { fingerprint: "KEY", name: "a" }];
  assert.deepEqual(grantsFor(origin({ signers }), grants), [SIGNED]);
  assert.deepEqual(grantsFor(origin({ digest: "sha256:1" }), grants), [UNSIGNED]);
});

Deno.test("grantsFor() matches nothing by the name, the key or the digest alone", () => {
  const grants = [SIGNED, UNSIGNED];
  const repository = "ghcr.io/other/tool";
  const signers = [{ fingerprint: "KEY", name: "a" }];
  assert.deepEqual(grantsFor(origin({}), grants), []);
  assert.deepEqual(grantsFor(origin({ repository, signers, digest: "sha256:1" }), grants), []);
});

Deno.test("repositoryOf() is the same for every spelling of a registry", () => {
  const { repository } = { repository: "library/tool" };
  const names = ["docker.io", "index.docker.io", "DOCKER.io"];
  const [first, ...others] = names.map((registry) => repositoryOf({ registry, repository }));
  for (const other of others) assert.equal(other, first);
});
