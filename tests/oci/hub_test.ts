/** Hubs with the command line and a real registry: publish, search, install, run, remove. */
import assert from "node:assert/strict";
import { PASSWORD } from "../support/cosign_data.ts";
import { WASM_BPF } from "../support/cli.ts";
import { privateRoot } from "../support/mounts.ts";
import { Place, speaking } from "../support/place.ts";
import { HubPlace, KEY, OTHER_PUB, PUB } from "../support/hub_place.ts";

Deno.test("tools are published, found, installed, run and removed", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  const { publisher } = place;
  const file = await publisher.write("tool.wasm", speaking("chatter v1.0.0"));
  const about = ["-a", "org.opencontainers.image.description=speak of chatter"];
  const words = ["-a", "wasm-bpf.keywords=voice,test"];
  await publisher.succeed([
    "push",
    "-q",
    ...about,
    ...words,
    file,
    place.tool("chatter", "v1.0.0"),
  ]);
  await place.pushTool("whisper", "1.2.0");
  const tools = [place.tool("chatter", "v1.0.0"), place.tool("whisper", "1.2.0")];
  const build = ["catalog", "build", "-q", "--name", "acme", "-o", place.catalog];
  await publisher.succeed([...build, ...tools]);
  await publisher.succeed(["catalog", "push", "-q", "--sign-key", KEY, place.catalog, place.hub], {
    env: { COSIGN_PASSWORD: PASSWORD },
  });
  await place.add();

  const found = JSON.parse(await user.succeed(["search", "--json", "voice"]));
  assert.deepEqual(found.map(({ name }: { name: string }) => name), ["chatter"]);
  assert.match(
    await user.succeed(["search", "chat"]),
    /^chatter +acme +1\.0\.0 +speak of chatter$/m,
  );
  assert.match(await user.succeed(["search", "opensnoop"]), /^opensnoop +box /m);
  const info = JSON.parse(await user.succeed(["info", "--json", "chatter"]));
  assert.equal(info.version, "1.0.0");
  assert.match(info.reference, /\/acme\/chatter@sha256:[0-9a-f]{64}$/);

  await place.install("chatter", "acme/whisper@1.2.0");
  // From here on the registry is not used.
  await place.registry.stop();
  assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");
  assert.equal(await user.succeed(["whisper"]), "whisper 1.2.0\n");
  assert.equal(await user.succeed(["run", "whisper"]), "whisper 1.2.0\n");
  const list = JSON.parse(await user.succeed(["list", "--json"]));
  assert.deepEqual(
    list.map(({ name, version, problem }: Record<string, string>) => [name, version, problem]),
    [["chatter", "1.0.0", undefined], ["whisper", "1.2.0", undefined]],
  );
  assert.equal(list[0].reference, info.reference);
  assert.match(await user.succeed(["info", "chatter"]), /^Installed +1\.0\.0$/m);

  await user.succeed(["uninstall", "chatter"]);
  assert.equal(await user.succeed(["list", "-q"]), "whisper\n");
  await assert.rejects(Deno.lstat(`${place.bin}/chatter`), Deno.errors.NotFound);
  await place.refused(["run", "--installed", "chatter"], /not installed/);
  await place.refused(["chatter"], /no such file/);
  await user.succeed(["images", "--check"]);
});

// xdpstat: other packages have programs named like most of the tools, which would be in the way.
Deno.test("a bare word is a tool of the box, then an installed one, then a file", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0", xdpstat: "v9.0.0" });
  await place.add();
  await user.write("work/chatter", speaking("xdpstat v9.0.0"));
  assert.equal(await user.succeed(["chatter"]), "xdpstat v9.0.0\n");
  await place.install("chatter");
  assert.equal(await user.succeed(["chatter"]), "chatter v1.0.0\n");
  assert.equal(await user.succeed(["./chatter"]), "xdpstat v9.0.0\n");
  await place.refused(
    ["install", "--bin", place.bin, "xdpstat"],
    /several hubs have it: box\/xdpstat, acme/,
  );
  await place.refused(["install", "--bin", place.bin, "acme/xdpstat"], /a tool in wasm-bpf/, 2);
  await place.install("acme/xdpstat", "--as", "acme-xdpstat");
  assert.equal((await place.launch("acme-xdpstat")).stdout, "xdpstat v9.0.0\n");
  await place.install("box/xdpstat");
  const help = await place.launch("xdpstat", "--help");
  assert.match(help.stdout, /^Usage: .* xdpstat /m);
  const mistyped = await user.run(["chater"]);
  assert.match(mistyped.stderr, /did you mean wasm-bpf chatter\?/);
});

Deno.test("hub add refuses unsigned, wrongly signed and other artifacts", async () => {
  await using place = await HubPlace.create();
  const { user, hub } = place;
  const tool = await place.pushTool("chatter", "v1.0.0");
  const file = await place.build([tool]);
  const unsigned = `${place.registry.host}/acme/unsigned:latest`;
  await user.succeed(["catalog", "push", "-q", "--unsigned", file, unsigned]);
  await place.publish(file);
  await place.refused(["hub", "add", "acme", hub], /without the key/);
  await place.refused(
    ["hub", "add", "acme", hub, "--key", OTHER_PUB],
    /no valid signature for the hub's key/,
  );
  await place.refused(["hub", "add", "acme", unsigned, "--key", PUB], /it is not signed/);
  await place.refused(["hub", "add", "acme", tool, "--allow-unsigned"], /as a catalogue/);
  await place.refused(["hub", "add", "box", hub, "--key", PUB], /a hub has this name/);
  assert.equal(JSON.parse(await user.succeed(["hub", "list", "--json"])).length, 1);
  await user.succeed(["hub", "add", "-q", "acme", unsigned, "--allow-unsigned"]);
  await place.refused(["hub", "add", "acme", hub, "--key", PUB], /a hub has this name/);
  await user.succeed(["hub", "remove", "acme"]);
  assert.equal((await user.run(["search", "-q", "chatter"])).stdout, "");
});

Deno.test("install never writes over a file of another program, nor takes its name", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0", date: "v1.0.0" });
  await place.add();
  const bin = ["--bin", place.bin];
  await Deno.mkdir(place.bin);
  for (const make of [writeOther, linkElsewhere, makeFolder, linkNowhere]) {
    const check = await make(`${place.bin}/chatter`);
    await place.refused(["install", ...bin, "chatter"], /another program has this file/);
    await check();
    assert.equal(await user.succeed(["list"]), "");
  }
  await place.refused(["install", ...bin, "date"], /bin\/date has this name/);
  await place.refused(["install", ...bin, "chatter", "--as", "run"], /a command of wasm-bpf/, 2);
  await place.install("date", "--as", "acme-date");
  await Deno.writeTextFile(`${place.bin}/acme-date`, "mine now");
  const { stderr } = await user.run(["uninstall", "acme-date"]);
  assert.match(stderr, /stays: it is a file of another program/);
  assert.equal(await Deno.readTextFile(`${place.bin}/acme-date`), "mine now");
});

async function writeOther(path: string): Promise<() => Promise<void>> {
  await Deno.writeTextFile(path, "#!/bin/sh\necho other\n");
  return async () => {
    assert.equal(await Deno.readTextFile(path), "#!/bin/sh\necho other\n");
    await Deno.remove(path);
  };
}

async function linkElsewhere(path: string): Promise<() => Promise<void>> {
  await Deno.writeTextFile(`${path}.target`, "target");
  await Deno.symlink(`${path}.target`, path);
  return async () => {
    assert.equal(await Deno.readTextFile(`${path}.target`), "target");
    await Deno.remove(path);
  };
}

async function linkNowhere(path: string): Promise<() => Promise<void>> {
  await Deno.symlink(`${path}.nowhere`, path);
  return async () => {
    await assert.rejects(Deno.lstat(`${path}.nowhere`));
    await Deno.remove(path);
  };
}

async function makeFolder(path: string): Promise<() => Promise<void>> {
  await Deno.mkdir(path);
  return () => Deno.remove(path);
}

Deno.test("upgrade alone changes what runs, and install NAME@VERSION goes back", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.add();
  await place.install("chatter");
  const runs = async () => (await place.launch("chatter")).stdout.trim();
  await place.publishTools({ chatter: "v2.0.0-rc.1" });
  assert.equal(await user.succeed(["outdated", "-q"]), "");
  await place.publishTools({ chatter: "v1.10.0" });
  assert.equal(await user.succeed(["outdated", "-q", "--offline"]), "");
  const outdated = JSON.parse(await user.succeed(["outdated", "-q", "--json"]));
  assert.deepEqual([outdated[0].installed, outdated[0].newest], ["1.0.0", "1.10.0"]);
  await place.refused(["install", "--bin", place.bin, "chatter"], /version 1\.0\.0 is installed/);
  assert.equal(await runs(), "chatter v1.0.0");

  await user.succeed(["upgrade", "-q"]);
  assert.equal(await runs(), "chatter v1.10.0");
  await user.succeed(["prune"]);
  assert.equal(await runs(), "chatter v1.10.0");
});

Deno.test("a tool goes back to a version that the user names, and a lock file installs the same", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  await place.publishTools({ chatter: "v1.0.0" });
  await place.publishTools({ chatter: "v2.0.0" });
  await place.add();
  await place.install("chatter@1.0.0");
  const lock = await user.write("lock.json", await user.succeed(["list", "--lock"]));
  await user.succeed(["upgrade", "-q", "--offline", "chatter"]);
  assert.equal((await place.launch("chatter")).stdout, "chatter v2.0.0\n");
  await place.install("chatter@1.0.0");
  assert.equal((await place.launch("chatter")).stdout, "chatter v1.0.0\n");

  await using other = await Place.create();
  const bin = `${other.folder}/bin`;
  await other.succeed(["install", "-q", "--bin", bin, "--locked", lock]);
  assert.equal(await other.succeed(["chatter"]), "chatter v1.0.0\n");
  const changed = (await Deno.readTextFile(lock)).replace(/sha256:......../, "sha256:00000000");
  const result = await other.run(["install", "--locked", await user.write("bad.json", changed)]);
  assert.equal(result.code, 1);
  assert.equal(await other.succeed(["chatter"]), "chatter v1.0.0\n");
});

Deno.test("older, forked and renamed catalogues are refused, and the last one stays", async () => {
  await using place = await HubPlace.create();
  const { user } = place;
  const tool = await place.pushTool("chatter", "v1.0.0");
  const file = await place.build([tool], 10);
  await place.publish(file);
  await place.add();
  const text = await Deno.readTextFile(file);
  const changes: [string, RegExp][] = [
    [text.replace('"serial": 10', '"serial": 9'), /serial is 9, older than 10/],
    [text.replace("speak of", "shout of"), /another catalogue has the serial 10/],
    [
      text.replace('"name": "acme"', '"name": "other"').replace(": 10", ": 11"),
      /is "other" instead of/,
    ],
  ];
  for (const [content, error] of changes) {
    await place.publish(await user.write("next.json", content));
    await place.refused(["hub", "refresh"], error);
    assert.match(await user.succeed(["search", "chatter"]), /speak of chatter/);
  }
  await user.succeed(["hub", "remove", "acme"]);
  await place.publish(await user.write("next.json", text.replace('"serial": 10', '"serial": 9')));
  await place.refused(["hub", "add", "acme", place.hub, "--key", PUB], /older than 10/);
});

Deno.test("root's launchers are in /usr/local/bin, where sudo looks", async () => {
  await using user = await Place.create();
  const script = `mount -t tmpfs -o mode=755 none /usr/local/bin && "$0" install -q xdpstat &&
    cd / && exec env -i HOME="$HOME" XDG_DATA_HOME="$XDG_DATA_HOME" \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin xdpstat --help`;
  const [program = "", ...args] = [...privateRoot(), script, WASM_BPF];
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env: user.env })
    .output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  assert.match(decoder.decode(stdout), /^Usage: .* xdpstat /m);
  assert.match(await user.succeed(["list"]), /^xdpstat .* \/usr\/local\/bin\/xdpstat/m);
});
