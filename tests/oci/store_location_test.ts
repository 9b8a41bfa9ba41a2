/** Ownership of the store: needs root, to have folders of another user. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Store, storePath } from "../../oci/mod.ts";
import { succeed } from "../support/actor.ts";
import { WASM_BPF } from "../support/cli.ts";
import { privateRoot } from "../support/mounts.ts";

const NOBODY = 65534;

/** Runs `use` with a folder, and with those variables in place of what is set. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const saved = ["HOME", "XDG_DATA_HOME"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    await use(folder);
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("storePath() is below XDG_DATA_HOME, which must be absolute, else below HOME", async () => {
  await withFolder((folder) => {
    Deno.env.set("HOME", folder);
    Deno.env.set("XDG_DATA_HOME", `${folder}/data`);
    assert.equal(storePath(), `${folder}/data/wasm-bpf`);
    for (const value of ["data", ""]) {
      Deno.env.set("XDG_DATA_HOME", value);
      assert.equal(storePath(), `${folder}/.local/share/wasm-bpf`);
    }
    return Promise.resolve();
  });
});

Deno.test("storePath() is root's own when HOME is another user's, as sudo may leave it", async () => {
  await withFolder(async (folder) => {
    await Deno.chown(folder, NOBODY, NOBODY);
    Deno.env.set("HOME", folder);
    Deno.env.delete("XDG_DATA_HOME");
    const own = (await Deno.readTextFile("/etc/passwd")).match(/^root:.*:0:0:[^:]*:([^:]*):/m)?.[1];
    assert.equal(storePath(), `${own}/.local/share/wasm-bpf`);
  });
});

Deno.test("root refuses a store that another user owns, or that is below a folder of theirs", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "wasm-bpf");
    await Store.open(path);
    await Deno.chown(path, NOBODY, NOBODY);
    await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
    await Deno.chown(path, 0, 0);
    await Deno.chown(folder, NOBODY, NOBODY);
    await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
    await assert.rejects(Store.open(join(folder, "new")), { code: "UNSAFE_STORE" });
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  });
});

Deno.test("a store is looked for as the kernel does, through links", async () => {
  await withFolder(async (folder) => {
    const at = (path: string) => join(folder, path);
    for (const path of ["shared", "shared/mine", "own", "own/data"]) {
      await Deno.mkdir(at(path));
    }
    await Deno.chmod(at("shared"), 0o777);
    await Deno.symlink(at("own"), at("good"));
    await Deno.symlink("own/../good/data", at("better"));
    await Deno.symlink(at("shared/mine"), at("own/bad"));
    await Deno.symlink(at("shared/link"), at("own/chain"));
    await Deno.symlink("../own/data", at("shared/link"));
    await Deno.symlink("circle", at("own/circle"));
    for (const path of ["good/data/store", "better/store"]) {
      await Store.open(at(path));
      assert.ok(Store.openExisting(at(path)));
    }
    await Deno.mkdir(at("shared/mine/store"));
    for (const path of ["own/bad/store", "own/bad/new", "own/chain/store", "good/bad/store"]) {
      await assert.rejects(Store.open(at(path)), { code: "UNSAFE_STORE" }, path);
    }
    assert.throws(() => Store.openExisting(at("good/bad/store")), { code: "UNSAFE_STORE" });
    await assert.rejects(Store.open(at("own/circle/store")), { code: "ELOOP" });
    // Links in a folder such as /tmp are their owner's to change.
    await Deno.chmod(at("shared"), 0o1777);
    await Store.open(at("own/chain/store"));
    await succeed("chown", "-h", `${NOBODY}`, at("shared/link"));
    await assert.rejects(Store.open(at("own/chain/store")), { code: "UNSAFE_STORE" });
  });
});

Deno.test("a user without privileges has a store, and cannot use root's", async () => {
  await withFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    await Deno.copyFile(WASM_BPF, join(folder, "wasm-bpf"));
    await Deno.chmod(join(folder, "wasm-bpf"), 0o755);
    await Deno.mkdir(join(folder, "home"));
    await Deno.chown(join(folder, "home"), NOBODY, NOBODY);
    await Store.open(join(folder, "of-root/wasm-bpf"));
    await Deno.chmod(join(folder, "of-root"), 0o755);
    const run = async (data: string, ...args: string[]) => {
      const user = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
      const { code, stderr } = await new Deno.Command("setpriv", {
        args: [...user, join(folder, "wasm-bpf"), ...args],
        env: { HOME: join(folder, "home"), XDG_DATA_HOME: data },
        stdin: "null",
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    const own = join(folder, "home/.local/share");
    assert.deepEqual(await run("", "images"), { code: 0, stderr: "" });
    // There is nothing of that name, but the store was made before that was known.
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("no", { status: 404 }),
    );
    assert.equal((await run("", "pull", `127.0.0.1:${server.addr.port}/x:v1`)).code, 1);
    assert.equal((await Deno.stat(join(own, "wasm-bpf"))).uid, NOBODY);
    const refused = await run(join(folder, "of-root"), "images");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error: Cannot use the store .*: it belongs to user 0\nhint: /);
  });
});

/** A number that passwd(5) has no entry for, as of a container's user. */
const NAMELESS = 54321;

Deno.test("sudo with a user's HOME uses root's store, and leaves that user's as it is", async () => {
  await withFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    const program = join(folder, "program");
    await Deno.copyFile(WASM_BPF, program);
    await Deno.chmod(program, 0o755);
    const home = join(folder, "home");
    await Deno.mkdir(home);
    await Deno.chown(home, NAMELESS, NAMELESS);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("no", { status: 404 }),
    );
    const reference = `127.0.0.1:${server.addr.port}/x:v1`;
    const run = async (
      through: readonly string[],
      env: Record<string, string>,
      ...args: string[]
    ) => {
      const [command = "", ...rest] = [...through, program, ...args];
      const { code, stderr } = await new Deno.Command(command, {
        ...{ args: rest, env: { XDG_DATA_HOME: "", ...env }, stdin: "null" },
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    const number = `${NAMELESS}`;
    const user = ["setpriv", "--reuid", number, "--regid", number, "--clear-groups"];
    // Its own /root, since root's store is made there.
    const root = [...privateRoot(), 'mount -t tmpfs none /root && exec "$@"', "sh"];
    const owners = async () => await succeed("find", home, "-printf", "%U %p\n");
    // In each order: the user, root as sudo -E leaves it, and the user again.
    for (const through of [user, root, user]) {
      const { code, stderr } = await run(through, { HOME: home }, "pull", "-q", reference);
      assert.equal(code, 1);
      assert.match(stderr, /^error: Cannot find /);
      assert.deepEqual(await run(through, { HOME: home }, "images"), { code: 0, stderr: "" });
      const lines = (await owners()).trim().split("\n");
      assert.deepEqual(lines.filter((line) => !line.startsWith(`${NAMELESS} `)), []);
    }
    const data = { HOME: home, XDG_DATA_HOME: join(home, ".local/share") };
    const refused = await run(root, data, "pull", "-q", reference);
    assert.match(
      refused.stderr,
      /^error: Cannot use the store .*: it belongs to user 54321\nhint: /,
    );
    // Without a home, a user has to name a place.
    const homeless = await run(user, { HOME: "" }, "images");
    assert.match(homeless.stderr, /HOME is not set\nhint: set HOME, or XDG_DATA_HOME/);
  });
});

Deno.test("a folder above the store that a group can write to is refused, except a user's own group", async () => {
  await withFolder(async (folder) => {
    const shared = join(folder, "shared");
    await Deno.mkdir(shared);
    await Store.open(join(shared, "store"));
    await Deno.chmod(shared, 0o775);
    await assert.rejects(Store.open(join(shared, "store")), { code: "UNSAFE_STORE" });
    await assert.rejects(Store.open(join(shared, "new")), { code: "UNSAFE_STORE" });
    assert.throws(() => Store.openExisting(join(shared, "store")), { code: "UNSAFE_STORE" });
    // Only its owner renames files in a sticky folder.
    await Deno.chmod(shared, 0o1775);
    await Store.open(join(shared, "store"));
    await Deno.chmod(shared, 0o775);
    await Deno.chmod(folder, 0o755);
    await Deno.copyFile(WASM_BPF, join(folder, "wasm-bpf"));
    await Deno.chmod(join(folder, "wasm-bpf"), 0o755);
    // A user "ann" with a group of her own, 1000, and a group that others are in, 1001.
    await Deno.writeTextFile(join(folder, "passwd"), "ann:x:1000:1000::/:/bin/sh\n");
    await Deno.writeTextFile(join(folder, "group"), "ann:x:1000:\nteam:x:1001:ann,bob\n");
    const script = `mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group &&
      exec setpriv --reuid 1000 --regid 1000 --groups 1001 "$0/wasm-bpf" images`;
    const [program = "", ...words] = [...privateRoot(), script, folder];
    for (const [group, code] of [[1000, 0], [1001, 1]] as const) {
      await Deno.mkdir(join(shared, `${group}/wasm-bpf`), { recursive: true, mode: 0o700 });
      await succeed("chown", "-R", `1000:${group}`, join(shared, `${group}`));
      await Deno.chmod(join(shared, `${group}`), 0o775);
      await Deno.chmod(shared, 0o755);
      const run = await new Deno.Command(program, {
        args: words,
        env: { XDG_DATA_HOME: join(shared, `${group}`) },
      }).output();
      const stderr = new TextDecoder().decode(run.stderr);
      assert.equal(run.code, code, stderr);
      if (code === 1) assert.match(stderr, /group 1001 can write to /);
    }
  });
});

Deno.test("a store in /tmp that another user made first is not used", async () => {
  await withFolder(async (folder) => {
    await Deno.chmod(folder, 0o1777);
    const path = join(folder, "wasm-bpf");
    await Deno.mkdir(path);
    await Deno.chown(path, NOBODY, NOBODY);
    await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
    await Deno.remove(path);
    await Deno.symlink("elsewhere", path);
    await Deno.mkdir(join(folder, "elsewhere"));
    await succeed("chown", "-h", `${NOBODY}`, path);
    await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
    // Below a folder of another user's, made in the meantime.
    await assert.rejects(Store.open(join(path, "store")), { code: "UNSAFE_STORE" });
  });
});

Deno.test("homeFolder() is that of passwd(5) where HOME is not there", async () => {
  await withFolder(async (folder) => {
    const own = (await Deno.readTextFile("/etc/passwd")).match(/^root:.*:0:0:[^:]*:([^:]*):/m)?.[1];
    Deno.env.delete("XDG_DATA_HOME");
    Deno.env.set("HOME", join(folder, "none"));
    assert.equal(storePath(), `${own}/.local/share/wasm-bpf`);
  });
});
