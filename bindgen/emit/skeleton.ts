/**
 * Skeletons: a C header with the object's bytes, and its maps, programs and variables as the fields of a
 * struct. Names are those of bpftool's, so that a program written for one compiles with the other; it
 * takes sdk/c's `<bpf/libbpf.h>`.
 */
import { CTypes } from "./c.ts";
import { globalsOf, sectionIdentifier } from "../globals.ts";
import { Lowering } from "../lower.ts";
import { dataSections, mapsOf } from "../../ebpf/btf/mod.ts";
import type { Globals } from "../model.ts";
import { identifier, Names, upper } from "../names.ts";
import { type EmitContext, Output } from "./base.ts";
import { holdsGlobals } from "../select.ts";
import { type EbpfObject, programNames, type Source } from "../source.ts";

/** Of an object's file, on one line of the skeleton. */
const BYTES_A_LINE = 24;

/** Member of the object, and the field that represents it. */
interface Field {
  /** As the object calls it. */
  readonly name: string;
  readonly field: string;
}

interface MapField extends Field {
  /** Of the section's struct, when the map holds variables that can be set. */
  readonly globals: string | undefined;
}

interface Parts {
  readonly name: string;
  readonly maps: readonly MapField[];
  readonly programs: readonly Field[];
  readonly bytes: Uint8Array;
}

/** The whole header. */
export function emitSkeleton(
  source: Source & { readonly object: EbpfObject },
  { header, name }: Pick<EmitContext, "header" | "name">,
): string {
  const { btf, object } = source;
  const sections = dataSections(btf);
  const globals = globalsOf(source, new Lowering(btf), {
    sections,
    nameOf: (section) => `${name}__${sectionIdentifier(section)}`,
    hinted: false,
  });
  const parts: Parts = {
    name,
    maps: mapFields(mapsOf(btf, sections).map((map) => map.name), { object, globals, name }),
    programs: fields(programNames(object)),
    bytes: object.elf.bytes,
  };
  const output = new Output();
  const guard = `${upper(name)}_SKEL_H`;
  output.line("/*", ...header.map((line) => ` * ${line}`.trimEnd()), " */");
  output.line(`#ifndef ${guard}`, `#define ${guard}`, "");
  output.line("#include <assert.h>", "#include <errno.h>", "#include <stdbool.h>");
  output.line("#include <stdint.h>");
  output.line("#include <stdlib.h>");
  output.line("#include <bpf/libbpf.h>");
  const types = new CTypes(output);
  for (const { section, record } of globals) {
    output.line("", `/* The global variables in ${section}, of eBPF's sizes. */`);
    types.defineRecord(types.rounded(record), { blank: false });
  }
  writeStruct(output, parts);
  writeFunctions(output, parts);
  writeBytes(output, parts);
  writeConstructor(output, parts);
  output.line("", `#endif /* ${guard} */`);
  return output.toString();
}

function fields(names: readonly string[]): Field[] {
  const scope = new Names();
  return names.map((name) => ({ name, field: scope.claim(identifier(name)) }));
}

/** The maps of `.maps`, and those that hold the variables of a section. */
function mapFields(
  maps: readonly string[],
  { object, globals, name }: { object: EbpfObject; globals: readonly Globals[]; name: string },
): MapField[] {
  const sections = object.elf.sections
    .filter((section) => holdsGlobals(section.name) && section.size > 0)
    .map((section) => section.name);
  const all = fields([...maps, ...sections]);
  const settable = new Set(globals.map(({ section }) => section));
  return all.map(({ name: map, field }, i) => {
    const isSection = i >= maps.length;
    const hasGlobals = isSection && settable.has(map);
    return {
      name: map,
      field: isSection ? sectionIdentifier(map) : field,
      globals: hasGlobals ? `${name}__${sectionIdentifier(map)}` : undefined,
    };
  });
}

function writeStruct(output: Output, { name, maps, programs }: Parts): void {
  output.line("", `struct ${name} {`);
  output.line("\tstruct bpf_object_skeleton *skeleton;", "\tstruct bpf_object *obj;");
  writeGroup(output, "maps", maps.map(({ field }) => `struct bpf_map *${field}`));
  writeGroup(output, "progs", programs.map(({ field }) => `struct bpf_program *${field}`));
  writeGroup(output, "links", programs.map(({ field }) => `struct bpf_link *${field}`));
  for (const { field, globals } of maps) {
    if (globals !== undefined) output.line(`\tstruct ${globals} *${field};`);
  }
  output.line("};");
}

function writeGroup(output: Output, group: string, declarations: readonly string[]): void {
  if (declarations.length === 0) return;
  output.line("\tstruct {", ...declarations.map((text) => `\t\t${text};`), `\t} ${group};`);
}

/** Writes the functions that do not depend on the object. */
function writeFunctions(output: Output, { name }: Parts): void {
  output.line(`
/** @brief Detaches and unloads everything, and frees the skeleton; NULL is allowed. */
static inline void ${name}__destroy(struct ${name} *obj)
{
	if (!obj)
		return;
	if (obj->skeleton)
		bpf_object__destroy_skeleton(obj->skeleton);
	free(obj);
}

static inline int ${name}__create_skeleton(struct ${name} *obj);

/** @brief Opens the object: its variables can be set now. @return NULL with errno set on failure */
static inline struct ${name} *${name}__open_opts(const struct bpf_object_open_opts *opts)
{
	struct ${name} *obj = (struct ${name} *)calloc(1, sizeof(*obj));
	int err;

	if (!obj) {
		errno = ENOMEM;
		return NULL;
	}
	err = ${name}__create_skeleton(obj);
	if (!err)
		err = bpf_object__open_skeleton(obj->skeleton, opts);
	if (err) {
		${name}__destroy(obj);
		errno = -err;
		return NULL;
	}
	return obj;
}

static inline struct ${name} *${name}__open(void)
{
	return ${name}__open_opts(NULL);
}

/** @brief Loads maps and programs into the kernel. @return 0, or -errno, with the reason on stderr */
static inline int ${name}__load(struct ${name} *obj)
{
	return bpf_object__load_skeleton(obj->skeleton);
}

static inline struct ${name} *${name}__open_and_load(void)
{
	struct ${name} *obj = ${name}__open();
	int err;

	if (!obj)
		return NULL;
	err = ${name}__load(obj);
	if (err) {
		${name}__destroy(obj);
		errno = -err;
		return NULL;
	}
	return obj;
}

/** @brief Attaches every program whose section names its target. @return 0, or -errno */
static inline int ${name}__attach(struct ${name} *obj)
{
	return bpf_object__attach_skeleton(obj->skeleton);
}

static inline void ${name}__detach(struct ${name} *obj)
{
	bpf_object__detach_skeleton(obj->skeleton);
}`);
}

function writeBytes(output: Output, { name, bytes }: Parts): void {
  output.line("", "/** @brief The object's file. */");
  output.line(`static inline const void *${name}__elf_bytes(size_t *sz)`, "{");
  output.line('\tstatic const char data[] __attribute__((__aligned__(8))) = "\\');
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const line = Array.from(bytes.subarray(at, at + BYTES_A_LINE), hexEscape).join("");
    output.line(`${line}\\`);
  }
  output.line('";', "", "\t*sz = sizeof(data) - 1;", "\treturn (const void *)data;", "}");
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

function writeConstructor(output: Output, { name, maps, programs }: Parts): void {
  output.line("", `static inline int ${name}__create_skeleton(struct ${name} *obj)`, "{");
  output.line("\tstruct bpf_object_skeleton *s;");
  if (maps.length > 0) output.line("\tstruct bpf_map_skeleton *map;");
  if (programs.length > 0) output.line("\tstruct bpf_prog_skeleton *prog;");
  output.line(`
	s = (struct bpf_object_skeleton *)calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	obj->skeleton = s;
	s->sz = sizeof(*s);
	s->name = "${name}";
	s->obj = &obj->obj;`);
  if (maps.length > 0) {
    output.line(`
	s->map_skel_sz = sizeof(*map);
	s->maps = (struct bpf_map_skeleton *)calloc(${maps.length}, sizeof(*map));
	if (!s->maps)
		return -ENOMEM;
	s->map_cnt = ${maps.length};`);
  }
  for (const [i, { name, field, globals }] of maps.entries()) {
    output.line("", `\tmap = s->maps + ${i};`, `\tmap->name = ${literal(name)};`);
    output.line(`\tmap->map = &obj->maps.${field};`);
    if (globals !== undefined) output.line(`\tmap->mmaped = (void **)&obj->${field};`);
  }
  if (programs.length > 0) {
    output.line(`
	s->prog_skel_sz = sizeof(*prog);
	s->progs = (struct bpf_prog_skeleton *)calloc(${programs.length}, sizeof(*prog));
	if (!s->progs)
		return -ENOMEM;
	s->prog_cnt = ${programs.length};`);
  }
  for (const [i, { name, field }] of programs.entries()) {
    output.line("", `\tprog = s->progs + ${i};`, `\tprog->name = ${literal(name)};`);
    output.line(`\tprog->prog = &obj->progs.${field};`, `\tprog->link = &obj->links.${field};`);
  }
  output.line("", `\ts->data = ${name}__elf_bytes(&s->data_sz);`, "\treturn 0;", "}");
}

/** A C string of any bytes. */
function literal(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text));
  const isPlain = /^[\w.]*$/.test(text);
  return isPlain ? `"${text}"` : `"${bytes.map(hexEscape).join("")}"`;
}
