import assert from "node:assert/strict";
import { shortcomings } from "./sandbox.ts";

const READ_ONLY = { hostFd: 3, isWritable: false };
const WRITABLE = { hostFd: 4, isWritable: true };

Deno.test("shortcomings() returns an empty list for a kernel that restricts everything", () => {
  for (const version of [6, 7, 8, 100]) assert.deepEqual(shortcomings(version, [WRITABLE]), []);
});

Deno.test("shortcomings() names what a version of Landlock cannot keep", () => {
  const words = (version: number) => shortcomings(version, [READ_ONLY]).join("\n");
  assert.match(words(5), /from sending signals$/);
  assert.match(words(4), /devices, sending signals$/);
  assert.match(words(3), /TCP/);
  assert.doesNotMatch(words(3), /truncating/);
  assert.match(words(2), /truncating/);
  assert.doesNotMatch(words(1), /move files/);
});

Deno.test("shortcomings() warns of the version that cannot move files between folders", () => {
  assert.match(shortcomings(1, [READ_ONLY, WRITABLE]).join("\n"), /within a folder only$/);
  assert.doesNotMatch(shortcomings(2, [WRITABLE]).join("\n"), /within a folder/);
});
