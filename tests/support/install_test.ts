import assert from "node:assert/strict";
import { TestFolder } from "./folder.ts";
import { install } from "./install.ts";

Deno.test("install() replaces a program by another, and leaves an equal one in its place", async () => {
  using folder = new TestFolder();
  const path = folder.at("program");
  const installed = async (text: string) => {
    await Deno.writeTextFile(folder.at("fresh"), text);
    await install(folder.at("fresh"), path);
    assert.equal(await Deno.readTextFile(path), text);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name), [
      "program",
    ]);
    return (await Deno.stat(path)).ino;
  };
  const first = await installed("one");
  assert.equal(await installed("one"), first);
  assert.notEqual(await installed("two"), first);
});
