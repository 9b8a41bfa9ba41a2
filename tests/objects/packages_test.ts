/** Packages of ecc in each form, made of the corpus's objects, and damaged ones. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { makeTar } from "../support/tar.ts";

const OBJECTS = fromFileUrl("../../dist/tests/objects/");
const EVENT = '"number":7,"value":1234567';

/** Returns a package of an object, as ecc writes it. */
function packageOf(name: string, meta: unknown = {}): Record<string, unknown> {
  const bytes = Deno.readFileSync(`${OBJECTS}${name}.bpf.o`);
  return {
    "bpf_object": Buffer.from(deflateSync(bytes)).toString("base64"),
    "bpf_object_size": bytes.length,
    meta,
  };
}

const EVENTS = {
  "export_types": [{ name: "event", size: 32, "type_id": 99999, members: [] }],
  "bpf_skel": {
    "obj_name": "events",
    doc: { brief: "Shows calls", version: "1.2" },
    "data_sections": [{
      name: ".rodata",
      variables: [{
        name: "targ_pid",
        type: "int",
        cmdarg: { short: "n", long: "process", help: "process to trace" },
      }],
    }],
    maps: null,
    progs: [{ name: "handle" }],
  },
};

async function run(
  folder: TestFolder,
  file: string,
  content: string | Uint8Array,
  words: string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(folder.at(file), bytes);
  const perl = ["perl", "-e", "getpgrp(0)"];
  return await runCli(
    ["-o", "jsonl", "--count", "1", "--timeout", "120s", folder.at(file), ...words, "--", ...perl],
  );
}

Deno.test("run shows the events of a package in each form", async () => {
  using folder = new TestFolder();
  const value = packageOf("ring-kept", EVENTS);
  const json = JSON.stringify(value);
  const yaml = `"bpf_object": ${value["bpf_object"]}\nmeta:\n  export_types:\n    - name: event\n`;
  const tar = makeTar([{ path: "./package.json", body: new TextEncoder().encode(json) }]);
  const { "bpf_object_size": _, ...old } = value;
  const forms: [name: string, content: string | Uint8Array][] = [
    ["package.json", json],
    ["blanks.txt", `\ufeff  ${json}`],
    ["package.yaml", yaml],
    ["package.tar", tar],
    ["package.bin", gzipSync(tar)],
    ["old.json", JSON.stringify(old)],
  ];
  for (const [name, content] of forms) {
    const { code, stdout, stderr } = await run(folder, name, content);
    assert.ok(stdout.includes(EVENT), `${name}: ${code} ${stdout}${stderr}`);
  }
});

Deno.test("run shows help and takes options of a package", async () => {
  using folder = new TestFolder();
  const json = JSON.stringify(packageOf("ring-kept", EVENTS));
  const help = await run(folder, "package.json", json, ["--help"]);
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, /^Shows calls\n/);
  assert.match(help.stdout, /-n, --process NUMBER\s+process to trace/);
  const wrong = await run(folder, "package.json", json, ["-n", "many"]);
  assert.equal(wrong.code, 2, wrong.stderr);
  assert.match(wrong.stderr, /process to trace/);
});

Deno.test("run shows the histogram that a package samples", async () => {
  using folder = new TestFolder();
  const sample = { interval: 50, type: "log2_hist", unit: "usecs" };
  const meta = { "bpf_skel": { maps: [{ name: "hists", ident: "hists", sample }] } };
  await Deno.writeTextFile(folder.at("p.json"), JSON.stringify(packageOf("histogram", meta)));
  const perl = ["perl", "-e", "getpgrp(0); select undef, undef, undef, 0.2"];
  const { stdout, stderr } = await runCli([
    "--timeout",
    "120s",
    folder.at("p.json"),
    "--",
    ...perl,
  ]);
  assert.match(stdout, /usecs +: count +distribution/, stderr);
});

Deno.test("run reads a skeleton next to its object, with members of its own", async () => {
  using folder = new TestFolder();
  await Deno.copyFile(`${OBJECTS}ring-kept.bpf.o`, folder.at("tool.bpf.o"));
  const members = [{ name: "seen", offset: 0, "btf_type_id": 1 }];
  const maps = [{
    name: "events",
    ident: "events",
    "export_config": { "custom_members": members },
  }];
  const text = JSON.stringify({ "enable_multiple_export_types": true, "bpf_skel": { maps } });
  const { stdout, stderr } = await run(folder, "tool.skel.json", text);
  assert.match(stdout, /"seen":/, stderr);
});

Deno.test("package makes a package that run, inspect and help take", async () => {
  using folder = new TestFolder();
  for (
    const [name, fields, event] of [
      ["ring-kept", "number, value, comm", /"number":7,"value":1234567/],
      ["sizes-pointers", "", /"number":/],
    ] as const
  ) {
    const made = await runCli(["package", `${OBJECTS}${name}.bpf.o`, "-o", folder.at("p.json")]);
    assert.equal(made.code, 0, made.stderr);
    const { meta } = JSON.parse(await Deno.readTextFile(folder.at("p.json")));
    assert.deepEqual(
      meta.bpf_skel.progs.map((program: { name: string }) => program.name).includes("handle"),
      true,
    );
    const inspected = await runCli(["inspect", folder.at("p.json")]);
    assert.equal(inspected.code, 0, inspected.stderr);
    assert.match(inspected.stdout, new RegExp(`Shows +events events.*${fields}`));
    assert.match(inspected.stdout, /Option +--targ_?-?pid PID/);
    const perl = ["perl", "-e", "getpgrp(0)"];
    const ran = await runCli(
      ["-o", "jsonl", "--count", "1", "--timeout", "120s", folder.at("p.json"), "--", ...perl],
    );
    assert.match(ran.stdout, event, `${name}: ${ran.stderr}`);
  }
});

Deno.test("package names each map's type, and samples annotated tables", async () => {
  const made = await runCli(["package", `${OBJECTS}annotated-histogram.bpf.o`]);
  assert.equal(made.code, 0, made.stderr);
  const { meta } = JSON.parse(made.stdout);
  const sampled = meta.bpf_skel.maps.filter((map: { sample?: unknown }) => map.sample);
  assert.equal(sampled[0]?.sample.type, "linear_hist");
  const folder = await runCli(["package", OBJECTS]);
  assert.equal(folder.code, 1, folder.stderr);
});

Deno.test("inspect shows what a run of an object shows, loads and needs", async () => {
  const places = await runCli(["inspect", `${OBJECTS}places-uprobe.bpf.o`]);
  assert.match(places.stdout, /Needs +on_call: .*--attach on_call=TARGET/, places.stderr);
  const bytes = await runCli(["inspect", `${OBJECTS}ring-stripped.bpf.o`]);
  assert.match(bytes.stdout, /Shows +events events: bytes, since no rule proves a type/);
  const twins = await runCli(["inspect", "--json", `${OBJECTS}twins.bpf.o`]);
  const { run } = JSON.parse(twins.stdout);
  assert.equal(run.programs.length, 1, twins.stdout);
});

Deno.test("run refuses damaged packages with errors of its own", async () => {
  using folder = new TestFolder();
  const whole = packageOf("ring-kept");
  const bad: [content: string, code: number, reason: RegExp][] = [
    ['{"bpf_object": "', 1, /Cannot read the package/],
    ['{"bpf_object": 5}', 1, /bpf_object/],
    ['{"other": 1}', 1, /bpf_object/],
    [JSON.stringify({ ...whole, "bpf_object_size": 7 }), 1, /longer than the 7 bytes/],
    [JSON.stringify({ ...whole, "bpf_object_size": 1 << 20 }), 1, /and the package says/],
    [JSON.stringify({ "bpf_object": "eJwDAAAAAAE=" }), 1, /not an ELF file/],
    ["bpf_object: *nothing\n", 1, /Cannot read the package/],
    ["a: &a [x, x]\nb: &b [*a, *a]\nbpf_object: [\n", 1, /Cannot read the package/],
  ];
  for (const [content, expected, reason] of bad) {
    const { code, stderr } = await run(folder, "bad", content);
    assert.equal(code, expected, stderr);
    assert.match(stderr, reason);
    assert.doesNotMatch(stderr, /internal error/);
  }
});
