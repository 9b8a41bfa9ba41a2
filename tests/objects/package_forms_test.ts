/** Forms of packages that others made: old and odd ones are read, damaged ones are errors of ours. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import { parseCommandLine } from "../../cli/args/options.ts";
import { RUN_OPTIONS } from "../../cli/args/run_options.ts";
import { recordSettings } from "../../cli/records/settings.ts";
import { Sources } from "../../cli/object/sources.ts";
import type { Tool } from "../../cli/object/tool.ts";
import { readToolWords, toolHelp } from "../../cli/object/tool_options.ts";
import { unpacked } from "../../cli/object/unpack.ts";
import { Btf, ElfFile } from "../../ebpf/btf/mod.ts";
import { TypeFinder } from "../../ebpf/plain/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { fromFileUrl } from "../support/paths.ts";
import { makeTar, type TarItem } from "../support/tar.ts";

const line = parseCommandLine(["-o", "jsonl"], RUN_OPTIONS);
const settings = recordSettings(line);
const object = (name: string) =>
  Deno.readFileSync(fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`));
const ELF = object("ring-kept");
const BTF = sectionOf(ELF, ".BTF");
const EVENT_ID = new Btf(BTF).find("event", () => true)[0] ?? 0;
const encode = (text: string) => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const PACKED = base64(deflateSync(ELF));

function sectionOf(bytes: Uint8Array<ArrayBuffer>, name: string): Uint8Array<ArrayBuffer> {
  const elf = new ElfFile(bytes);
  const section = elf.section(name);
  assert.ok(section !== undefined);
  return elf.content(section);
}

/** Reads a package, and everything of it that a run reads before the load. */
async function read(bytes: Uint8Array<ArrayBuffer>): Promise<Tool> {
  const tool = await unpacked(bytes, { name: "p", line });
  toolHelp(tool);
  new Sources(tool, new TypeFinder(tool.file), line, settings).prepare();
  readToolWords(tool, []);
  return tool;
}

const json = (value: unknown) => encode(JSON.stringify(value));

/** A package of an object with metadata. */
function packaged(meta: unknown, name?: string): Uint8Array<ArrayBuffer> {
  const elf = name === undefined ? ELF : object(name);
  return json({ "bpf_object": base64(deflateSync(elf)), "bpf_object_size": elf.length, meta });
}

/** Name of the type that metadata gives to the records of a map. */
const typeOf = (tool: Tool) => tool.declared.get("events")?.types[0]?.name;

const variable = (fields: Record<string, unknown>, section = ".rodata") => ({
  "bpf_skel": { "data_sections": [{ name: section, variables: [fields] }] },
});

const META = { "export_types": [{ name: "event", "type_id": EVENT_ID, members: [] }] };

/** Forms that are read, with what is to be seen of them. */
const FORMS: Record<string, [Uint8Array<ArrayBuffer>, (tool: Tool) => unknown, unknown]> = {
  "without metadata": [json({ "bpf_object": PACKED }), typeOf, undefined],
  "with an object that is not compressed": [json({ "bpf_object": base64(ELF) }), typeOf, undefined],
  "with broken lines in base64": [
    json({ "bpf_object": PACKED.replaceAll(/.{76}/g, "$&\n"), meta: META }),
    typeOf,
    "event",
  ],
  "with nulls for lists": [
    packaged({
      ...META,
      "bpf_skel": { maps: null, progs: null, "data_sections": null, doc: null },
    }),
    typeOf,
    "event",
  ],
  "with BTF of its own": [
    packaged({
      "export_types": { "export_btf": base64(BTF), structs: [{ id: EVENT_ID, name: "event" }] },
    }),
    typeOf,
    "event",
  ],
  "of an id that another compiler gave": [
    packaged({ "export_types": [{ name: "event", "type_id": 1, members: [] }] }),
    typeOf,
    "event",
  ],
  "by ecpm, an object without metadata": [
    json({ name: "p", data: base64(ELF), "data_sz": ELF.length, maps: {}, progs: {} }),
    typeOf,
    undefined,
  ],
  "with unknown keys and a later version": [
    packaged({ ...META, "eunomia_version": "9.9.9", later: { more: [1] } }),
    typeOf,
    "event",
  ],
  "with an option of a truth value with a letter": [
    packaged(
      variable({
        name: "flag",
        type: "bool",
        cmdarg: { short: "f", long: "only", default: false },
      }),
      "options",
    ),
    (tool) => tool.options.map(({ names, short, isFlag }) => [names[0], short, isFlag]),
    [["only", "f", true]],
  ],
  "with an option in .data, and the value of the object as default": [
    packaged(variable({ name: "state", type: "int" }, ".data"), "options"),
    (tool) => /--state NUMBER .*\(default: 4\)/.test(toolHelp(tool)),
    true,
  ],
  "with variables that the object does not have": [
    packaged(variable({ name: "gone", type: "int", value: 5 })),
    (tool) => tool.options.length > 0,
    true,
  ],
  "in YAML with the object in a block": [
    encode(
      `meta:\n  export_types: [{name: event}]\nbpf_object: |\n  ${
        PACKED.replaceAll(/.{76}/g, "$&\n  ")
      }\n`,
    ),
    typeOf,
    "event",
  ],
  "in YAML with anchors and comments": [
    encode(
      `# made by ecc\nbpf_object: ${PACKED}\nmeta: &m\n  export_types:\n    - &e {name: event}\nother: *m\n`,
    ),
    typeOf,
    "event",
  ],
};

for (const [name, [bytes, look, expected]] of Object.entries(FORMS)) {
  Deno.test(`run reads a package ${name}`, async () => {
    assert.deepEqual(look(await read(bytes)), expected);
  });
}

const PACKAGE: TarItem = { path: "package.json", body: packaged(META) };
const BTFS: TarItem[] = [
  { path: "btfhub-archive/", type: "5" },
  { path: "btfhub-archive/debian/12/x86_64/6.1.0-9-amd64.btf", body: BTF },
  { path: "./btfhub-archive/ubuntu/22.04/x86_64/5.15.0-1-generic.btf", body: BTF },
  { path: "btfhub-archive/ubuntu/20.04/arm64/5.4.0.btf", body: encode("damaged") },
];

const ARCHIVES: Record<string, [items: TarItem[], type: string | undefined]> = {
  "with BTF of several kernels, and the object by its name": [
    [...BTFS, { path: "ring-kept", body: ELF }, PACKAGE],
    "event",
  ],
  "with a leading ./ and a directory": [
    [{ path: "./", type: "5" }, { ...PACKAGE, path: "./package.json" }],
    "event",
  ],
  "with YAML": [
    [{
      path: "package.yaml",
      body: encode(`bpf_object: ${PACKED}\nmeta: ${JSON.stringify(META)}\n`),
    }],
    "event",
  ],
  "of an object alone": [[{ path: "tool.bpf.o", body: ELF }], undefined],
  "with GNU's magic": [[{ ...PACKAGE, magic: "ustar  \0" }], "event"],
};

for (const [name, [items, type]] of Object.entries(ARCHIVES)) {
  Deno.test(`run reads an archive ${name}`, async () => {
    assert.equal(typeOf(await read(makeTar(items))), type);
    assert.equal(typeOf(await read(new Uint8Array(gzipSync(makeTar(items))))), type);
  });
}

const nested = (depth: number, open: string, close: string) =>
  encode(`{"bpf_object": ${open.repeat(depth)}${close.repeat(depth)}}`);

/** Damaged forms: each is an error with a code of ours. */
const DAMAGED: Record<string, [Uint8Array<ArrayBuffer>, code: string | RegExp]> = {
  "a list": [json([{ "bpf_object": PACKED }]), /BAD_PACKAGE|NOT_RUNNABLE/],
  "a number for the object": [json({ "bpf_object": 1 }), "BAD_PACKAGE"],
  "no object": [json({ "bpf_object": "" }), "BAD_PACKAGE"],
  "an object that is cut": [json({ "bpf_object": PACKED.slice(0, 400) }), "BAD_PACKAGE"],
  "an object of 0 bytes": [json({ "bpf_object": PACKED, "bpf_object_size": 0 }), "BAD_PACKAGE"],
  "a size below 0": [json({ "bpf_object": PACKED, "bpf_object_size": -1 }), "BAD_PACKAGE"],
  "deep lists": [nested(100_000, "[", "]"), "BAD_PACKAGE"],
  "deep objects": [nested(100_000, '{"a":', "}"), "BAD_PACKAGE"],
  "an exported type that is not there": [
    packaged({ "export_types": [{ name: "nothing", "type_id": 2 }] }),
    "BAD_PACKAGE",
  ],
  "BTF of its own that is damaged": [
    packaged({ "export_types": { "export_btf": "AAAA", structs: [{ id: 1, name: "event" }] } }),
    /BAD_BTF|BAD_PACKAGE/,
  ],
  "a member of an unknown type": [
    packaged({
      "enable_multiple_export_types": true,
      "bpf_skel": {
        maps: [{
          name: "events",
          "export_config": { "custom_members": [{ name: "a", offset: 0, "btf_type_id": 1e9 }] },
        }],
      },
    }),
    "BAD_PACKAGE",
  ],
  "members that overlap": [
    packaged({
      "enable_multiple_export_types": true,
      "bpf_skel": {
        maps: [{
          name: "events",
          "export_config": {
            "custom_members": [
              { name: "a", offset: 0, "btf_type_id": EVENT_ID },
              { name: "b", offset: 4, "btf_type_id": EVENT_ID },
            ],
          },
        }],
      },
    }),
    "BAD_PACKAGE",
  ],
  "a default that the variable does not take": [
    packaged(variable({ name: "text", cmdarg: { default: "longer than eight" } }), "options"),
    /USAGE|BAD_PACKAGE/,
  ],
  "a tab in YAML": [encode("bpf_object:\n\t- x\n"), "BAD_PACKAGE"],
  "a key twice in YAML": [encode(`bpf_object: a\nbpf_object: b\n`), "BAD_PACKAGE"],
  "two documents of YAML": [encode(`bpf_object: a\n---\nbpf_object: b\n`), "BAD_PACKAGE"],
  "YAML that unfolds": [
    encode(
      "a: &a [x,x,x,x,x,x,x,x]\n" +
        Array.from({ length: 25 }, (_, i) => {
          const [name, before] = [i + 1, i].map((n) => String.fromCharCode(97 + n));
          return `${name}: &${name} [${`*${before},`.repeat(8)}]\n`;
        }).join("") + "bpf_object: *z\n",
    ),
    /BAD_PACKAGE|NOT_RUNNABLE/,
  ],
  "a tag of YAML": [encode("bpf_object: !!js/function 'x'\n"), "BAD_PACKAGE"],
  "an archive of BTF alone": [makeTar(BTFS), "NOT_RUNNABLE"],
  "an archive of two objects": [
    makeTar([{ path: "a.bpf.o", body: ELF }, { path: "b.bpf.o", body: ELF }]),
    "NOT_RUNNABLE",
  ],
  "a package behind a link": [
    makeTar([{ path: "package.json", type: "2" }]),
    /NOT_RUNNABLE|TAR/,
  ],
  "an archive that is cut": [makeTar([PACKAGE]).slice(0, 900), /./],
  "an archive in an archive": [
    Array.from({ length: 8 }).reduce<Uint8Array<ArrayBuffer>>(
      (inner) => makeTar([{ path: "package.json", body: inner }]),
      packaged(META),
    ),
    "NOT_RUNNABLE",
  ],
};

for (const [name, [bytes, code]] of Object.entries(DAMAGED)) {
  Deno.test(`run refuses a package with ${name}`, async () => {
    await assert.rejects(read(bytes), (error) => {
      assert.ok(error instanceof HostError, `${error}`);
      if (typeof code === "string") assert.equal(error.code, code);
      else assert.match(`${error.code}`, code);
      return true;
    });
  });
}

/** Values that JSON can have where metadata has others. */
const WRONG = [null, 5, -1.5, 1e300, "x", "", true, [], {}, [null], [[]], { a: null }, ["x", 5]];

Deno.test("run takes or refuses metadata of any types, and nothing else happens", async () => {
  const paths = [
    ["export_types"],
    ["export_types", 0],
    ["export_types", 0, "name"],
    ["export_types", 0, "type_id"],
    ["bpf_skel"],
    ["bpf_skel", "doc"],
    ["bpf_skel", "doc", "brief"],
    ["bpf_skel", "maps"],
    ["bpf_skel", "maps", 0],
    ["bpf_skel", "maps", 0, "name"],
    ["bpf_skel", "maps", 0, "sample"],
    ["bpf_skel", "maps", 0, "sample", "interval"],
    ["bpf_skel", "maps", 0, "sample", "type"],
    ["bpf_skel", "maps", 0, "export_config"],
    ["bpf_skel", "maps", 0, "export_config", "custom_members"],
    ["bpf_skel", "maps", 0, "intepreter"],
    ["bpf_skel", "progs"],
    ["bpf_skel", "progs", 0, "tchook"],
    ["bpf_skel", "data_sections"],
    ["bpf_skel", "data_sections", 0, "variables"],
    ["bpf_skel", "data_sections", 0, "variables", 0],
    ["bpf_skel", "data_sections", 0, "variables", 0, "name"],
    ["bpf_skel", "data_sections", 0, "variables", 0, "value"],
    ["bpf_skel", "data_sections", 0, "variables", 0, "cmdarg"],
    ["bpf_skel", "data_sections", 0, "variables", 0, "cmdarg", "short"],
    ["bpf_skel", "data_sections", 0, "variables", 0, "cmdarg", "default"],
    ["enable_multiple_export_types"],
  ] as const;
  const whole = () => ({
    ...structuredClone(META),
    "enable_multiple_export_types": true,
    "bpf_skel": {
      doc: { brief: "x" },
      maps: [{
        name: "events",
        sample: { interval: 5, type: "log2_hist" },
        "export_config": { "custom_members": [{ name: "a", offset: 0, "btf_type_id": 2 }] },
        intepreter: { "stack_trace": {} },
      }],
      progs: [{ name: "handle", tchook: { ifindex: 1 } }],
      "data_sections": [{
        name: ".rodata",
        variables: [{ name: "targ_pid", value: 1, cmdarg: { short: "p", default: 2 } }],
      }],
    },
  });
  for (const path of paths) {
    for (const wrong of WRONG) {
      const meta: Record<string, unknown> = whole();
      let at: Record<string | number, unknown> = meta;
      for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
      at[path.at(-1) ?? ""] = wrong;
      try {
        await read(packaged(meta));
      } catch (error) {
        assert.ok(
          error instanceof HostError,
          `${path.join(".")} = ${JSON.stringify(wrong)}: ${error}`,
        );
      }
    }
  }
});
