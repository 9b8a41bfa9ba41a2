import assert from "node:assert/strict";
import { mergeScopes, repositoryScope } from "./token.ts";

Deno.test("mergeScopes() merges the actions of one repository", () => {
  assert.deepEqual(
    mergeScopes([repositoryScope("a/b", "pull")], [
      "repository:a/b:push,pull",
      "registry:catalog:*",
    ]),
    ["registry:catalog:*", "repository:a/b:pull,push"],
  );
});

Deno.test("mergeScopes() drops invalid scopes, and those beyond its limit", () => {
  assert.deepEqual(mergeScopes(["", "x", "a:".repeat(2000)]), []);
  const many = Array.from({ length: 100 }, (_, i) => `repository:${i}:pull`);
  assert.equal(mergeScopes(many).length, 32);
});
