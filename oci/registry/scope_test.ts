import assert from "node:assert/strict";
import { mergeScopes, repositoryScope } from "./scope.ts";

Deno.test("mergeScopes() puts the actions of one repository together", () => {
  assert.deepEqual(
    mergeScopes([repositoryScope("a/b", "pull")], [
      "repository:a/b:push,pull",
      "registry:catalog:*",
    ]),
    ["registry:catalog:*", "repository:a/b:pull,push"],
  );
});

Deno.test("mergeScopes() leaves out what is none, and what nobody needs", () => {
  assert.deepEqual(mergeScopes(["", "x", "a:".repeat(2000)]), []);
  const many = Array.from({ length: 100 }, (_, i) => `repository:${i}:pull`);
  assert.equal(mergeScopes(many).length, 32);
});
