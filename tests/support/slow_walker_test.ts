import assert from "node:assert/strict";
import { walk, walkToNew } from "./slow_walker.ts";

/** Makes a folder with `in/dir/file`, links, and `out/file` next to it. */
async function makeTree(): Promise<string> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  for (const path of ["in/dir", "out"]) await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  for (const path of ["in/dir/file", "out/file"]) await Deno.writeTextFile(`${folder}/${path}`, "");
  const links = [["up", "../out/file"], ["down", "dir"], ["self", "self"], ["abs", folder]];
  for (const [name, target] of links) await Deno.symlink(target ?? "", `${folder}/in/${name}`);
  return folder;
}

Deno.test("walk() goes where a path leads, and no further", async () => {
  const folder = await makeTree();
  const root = `${folder}/in`;
  const cases: [path: string, follow: boolean, wanted: string][] = [
    [".", true, root],
    ["dir/file", true, `${root}/dir/file`],
    ["dir/../down//file", true, `${root}/dir/file`],
    ["down", false, `${root}/down`],
    ["down/", false, `${root}/dir`],
    ["..", true, "OUTSIDE"],
    ["dir/../../out/file", true, "OUTSIDE"],
    ["up", true, "OUTSIDE"],
    ["up", false, `${root}/up`],
    ["abs", true, "OUTSIDE"],
    ["/dir", true, "OUTSIDE"],
    ["self", true, "ELOOP"],
    ["dir/file/", true, "ENOTDIR"],
    ["dir/file/..", true, "ENOTDIR"],
    ["missing/../..", true, "ENOENT"],
    ["", true, "ENOENT"],
    ["x".repeat(256), true, "ENAMETOOLONG"],
    ["./".repeat(3000), true, "ENAMETOOLONG"],
  ];
  try {
    for (const [path, follow, wanted] of cases) {
      const walked = walk(root, path, follow);
      assert.equal("error" in walked ? walked.error : walked.path, wanted, path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("walkToNew() finds the folder of a new name", async () => {
  const folder = await makeTree();
  const root = `${folder}/in`;
  const cases: [path: string, wanted: string][] = [
    ["new", `${root}/new`],
    ["down/new/", `${root}/dir/new`],
    ["dir/file/new", "ENOTDIR"],
    ["dir", "EEXIST"],
    ["up", "EEXIST"],
    ["..", "EEXIST"],
    ["../new", "OUTSIDE"],
    ["/", "OUTSIDE"],
    ["/new", "OUTSIDE"],
    ["missing/new", "ENOENT"],
  ];
  try {
    for (const [path, wanted] of cases) {
      const place = walkToNew(root, path);
      assert.equal("error" in place ? place.error : place.path, wanted, path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
