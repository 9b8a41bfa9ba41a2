/** Files that root writes and reads where another user has a hand in: needs root, to be two users. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Replacement, resolveForWriting } from "../../oci/paths/mod.ts";
import { guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/actor.ts";

const NOBODY = 65534;
const OBJECT = fromFileUrl("../../.cache/guests/examples/bootstrap/bootstrap.bpf.o");

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o7777;

async function namesIn(folder: TestFolder): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).sort();
}

/** Runs `gen -o`, the command that writes a file with the least around it. */
const generate = (path: string, cwd?: string) =>
  runCli(["gen", "c", OBJECT, "-o", path], cwd === undefined ? {} : { cwd });

/** A file of root's that must stay as it is. */
async function victim(folder: TestFolder): Promise<string> {
  const path = folder.at("victim");
  await Deno.writeTextFile(path, "secret");
  await Deno.chmod(path, 0o600);
  return path;
}

Deno.test("a file that is exchanged while it is replaced keeps its own mode and owner", async () => {
  using folder = new TestFolder();
  const secret = await victim(folder);
  const path = folder.at("out");
  await Deno.writeTextFile(path, "before");
  await Deno.chmod(path, 0o666);
  await Deno.chown(path, NOBODY, NOBODY);
  for (const other of ["link", "file", "nothing"]) {
    using file = new Replacement(resolveForWriting(path), { mode: 0o666 });
    file.write(new TextEncoder().encode("after"));
    const name = folder.at((await namesIn(folder)).find((name) => name.endsWith(".tmp")) ?? "none");
    await Deno.remove(name);
    if (other === "link") await Deno.symlink(secret, name);
    if (other === "file") await Deno.writeTextFile(name, "of another user");
    assert.throws(() => file.finish(), { code: other === "nothing" ? "ENOENT" : "UNSAFE_PATH" });
  }
  assert.equal(await modeOf(secret), 0o600);
  assert.equal((await Deno.stat(secret)).uid, 0);
  assert.equal(await Deno.readTextFile(path), "before");
  assert.deepEqual(await namesIn(folder), ["out", "victim"]);
});

Deno.test("a replaced file keeps owner and mode, without set-user-ID", async () => {
  using folder = new TestFolder();
  const path = folder.at("out");
  await Deno.writeTextFile(path, "before");
  await Deno.chown(path, NOBODY, NOBODY);
  await Deno.chmod(path, 0o4751);
  assert.equal((await generate(path)).code, 0);
  const { uid, gid } = await Deno.stat(path);
  assert.deepEqual([uid, gid, await modeOf(path)], [NOBODY, NOBODY, 0o751]);
});

/** Takes new files of a folder away, as its owner, and puts links to a victim in their places. */
const SWAP = `
cd "$1"; echo ready
end=$(($(date +%s) + 20))
while [ ! -e stop ] && [ $(date +%s) -lt $end ]; do
  for name in .[!.]*; do
    [ -f "$name" ] && [ ! -L "$name" ] && mv -f -- "$name" taken && ln -s "$2" "$name"
  done
done 2>/dev/null`;

Deno.test("root's files stay as they are while another user exchanges what is written", async () => {
  using folder = new TestFolder();
  await Deno.chmod(folder.path, 0o755);
  const secret = await victim(folder);
  const theirs = folder.at("theirs");
  await Deno.mkdir(theirs);
  for (const name of ["out", "config.json", "auth.json"]) {
    await Deno.writeTextFile(join(theirs, name), "{}", { mode: 0o666 });
    await succeed("chown", `${NOBODY}:${NOBODY}`, join(theirs, name));
  }
  await Deno.chown(theirs, NOBODY, NOBODY);
  const user = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
  const attacker = new Deno.Command("setpriv", {
    args: [...user, "sh", "-c", SWAP, "sh", theirs, secret],
    stdout: "piped",
  }).spawn();
  const reader = attacker.stdout.getReader();
  await reader.read();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("{}"),
  );
  const login = ["login", "-u", "x", "-p", "y", `127.0.0.1:${server.addr.port}`];
  for (
    const env of [{ DOCKER_CONFIG: theirs }, { REGISTRY_AUTH_FILE: join(theirs, "auth.json") }]
  ) {
    for (let round = 0; round < 3; round++) {
      const { code, stderr } = await runCli(login, { env });
      assert.equal(code, 1);
      assert.match(stderr, /belongs to user 65534\nhint: /);
    }
  }
  for (let round = 0; round < 3; round++) {
    assert.match((await generate(join(theirs, "out"))).stderr, /belongs to user 65534\nhint: /);
  }
  await Deno.writeTextFile(join(theirs, "stop"), "");
  await reader.cancel();
  await attacker.status;
  const { uid } = await Deno.stat(secret);
  assert.deepEqual([uid, await modeOf(secret), await Deno.readTextFile(secret)], [
    0,
    0o600,
    "secret",
  ]);
});

Deno.test("root writes below root's folders and in /tmp, and nowhere that others exchange", async () => {
  using folder = new TestFolder();
  const at = (path: string) => folder.at(path);
  for (const path of ["theirs/below", "group", "world", "sticky", "own"]) {
    await Deno.mkdir(at(path), { recursive: true });
  }
  await Deno.chown(at("theirs"), NOBODY, NOBODY);
  await Deno.chmod(at("group"), 0o775);
  await Deno.chmod(at("world"), 0o777);
  await Deno.chmod(at("sticky"), 0o1777);
  await Deno.writeTextFile(at("own/file"), "");
  await Deno.symlink("../own/file", at("sticky/ours"));
  await Deno.symlink("../own/file", at("sticky/link"));
  await Deno.symlink("../own", at("sticky/folder"));
  await succeed("chown", "-h", `${NOBODY}`, at("sticky/link"), at("sticky/folder"));
  await Deno.writeTextFile(at("sticky/file"), "");
  await Deno.chown(at("sticky/file"), NOBODY, NOBODY);
  await succeed("mkfifo", at("sticky/fifo"));
  await Deno.chown(at("sticky/fifo"), NOBODY, NOBODY);
  await Deno.symlink(at("theirs"), at("own/away"));
  const refused = ["theirs/x", "theirs/below/x", "group/x", "world/x", "own/away/x"];
  refused.push("sticky/link", "sticky/folder/file", "sticky/file", "sticky/fifo");
  refused.push("own/../theirs/../own/file");
  for (const path of refused) {
    const { code, stderr } = await generate(at(path));
    assert.equal(code, 1, path);
    assert.match(stderr, /Cannot write ".*": .*(user|group).*\nhint: write to a directory/, path);
  }
  for (const path of ["own/file", "sticky/new", "sticky/ours", "own/new"]) {
    assert.equal((await generate(at(path))).code, 0, path);
  }
  assert.ok((await Deno.lstat(at("sticky/ours"))).isSymlink);
  assert.ok((await Deno.stat(at("own/file"))).size > 0);
});

Deno.test("a user without privileges writes as before, and follows no foreign link in /tmp", async () => {
  using folder = new TestFolder();
  await Deno.chmod(folder.path, 0o1777);
  const home = folder.at("home");
  await Deno.mkdir(home);
  await Deno.chown(home, NOBODY, NOBODY);
  await Deno.copyFile(WASM_BPF, folder.at("wasm-bpf"));
  await Deno.chmod(folder.at("wasm-bpf"), 0o755);
  await Deno.copyFile(OBJECT, folder.at("object"));
  await Deno.chmod(folder.at("object"), 0o644);
  await Deno.writeTextFile(join(home, "file"), "before");
  await Deno.chown(join(home, "file"), NOBODY, NOBODY);
  await Deno.symlink("home/file", folder.at("link"));
  await succeed("chown", "-h", "1234", folder.at("link"));
  const run = async (path: string) => {
    const user = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
    const { code, stderr } = await new Deno.Command("setpriv", {
      args: [...user, folder.at("wasm-bpf"), "gen", "c", folder.at("object"), "-o", path],
      env: { HOME: home },
      stdin: "null",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  };
  // The folder is root's, so root's links in it are followed, and another user's are not.
  assert.match((await run(folder.at("link"))).stderr, /the link .* belongs to user 1234/);
  assert.equal(await Deno.readTextFile(join(home, "file")), "before");
  await succeed("chown", "-h", "0", folder.at("link"));
  for (const path of [folder.at("link"), join(home, "new")]) {
    assert.deepEqual((await run(path)).code, 0, path);
  }
});

Deno.test("root writes nothing into another user's directory, with any command", async () => {
  using folder = new TestFolder();
  await Deno.chmod(folder.path, 0o755);
  const theirs = folder.at("theirs");
  await Deno.mkdir(join(theirs, "below"), { recursive: true });
  await Deno.writeTextFile(folder.at("ours"), "before");
  await Deno.symlink(folder.at("ours"), join(theirs, "below/link"));
  await succeed("chown", "-hR", `${NOBODY}:${NOBODY}`, theirs);
  const guest = guestPath("wasi-c");
  const commands = (path: string) => [
    ["gen", "c", OBJECT, "-o", path],
    ["package", OBJECT, "-o", path],
    ["catalog", "html", path],
    ["run", "--timeout", "10s", "-o", `jsonl=${path}`, guest, "streams"],
    ["run", "--stdout", path, guest, "streams"],
    ["run", "--stderr", path, guest, "streams"],
    ["--stdout", path, "--stderr", path, guest, "streams"],
    ["new", "tool"],
  ];
  for (const name of ["below/link", "fresh"]) {
    for (const args of commands(join(theirs, name))) {
      const { code, stderr } = await runCli(args, { cwd: join(theirs, "below") });
      assert.equal(code, 1, `${args.join(" ")}\n${stderr}`);
      assert.match(stderr, new RegExp(`belongs to user ${NOBODY}`), args.join(" "));
    }
  }
  assert.equal(await Deno.readTextFile(folder.at("ours")), "before");
  const left = [theirs, join(theirs, "below")].flatMap((path) => [...Deno.readDirSync(path)]);
  assert.deepEqual(left.map(({ name }) => name).sort(), ["below", "link"]);
});

Deno.test("-o writes to standard output and devices by their names", async () => {
  using folder = new TestFolder();
  const script = `"$0" "$@" >>${folder.at("log")}`;
  await Deno.writeTextFile(folder.at("log"), "first\n");
  for (const path of ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]) {
    const through = ["sh", "-c", script];
    const { code, stderr } = await runCli(["gen", "c", OBJECT, "-o", path], { through });
    assert.equal(code, 0, stderr);
  }
  const text = await Deno.readTextFile(folder.at("log"));
  assert.match(text, /^first\n/);
  assert.equal(text.match(/#pragma once|#ifndef/g)?.length, 3);
  assert.equal((await generate("/dev/null")).code, 0);
  const terminal = await generate("/dev/fd/7");
  assert.match(terminal.stderr, /^error: Cannot write "\/dev\/fd\/7": /m);
  const tty = await generate("/dev/tty");
  assert.match(tty.stderr, /^error: Cannot write "\/dev\/tty": only devices.*\nhint: /m);
});
