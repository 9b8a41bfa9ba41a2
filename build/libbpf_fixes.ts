/**
 * What libbpf does with the numbers of an object file without a look at them. Its users compile their
 * objects themselves; a guest's may be anything, and this process is not to suffer by it.
 */
import { BuildError } from "./lib/errors.ts";

/** One place of libbpf's source, and what stands there instead. */
interface Fix {
  file: string;
  from: string;
  to: string;
}

const FIXES: readonly Fix[] = [
  // A type that is a typedef of itself was followed for ever.
  {
    file: "src/libbpf.c",
    from: "while (btf_is_mod(t) || btf_is_typedef(t)) {\n\t\tif (res_id)",
    to: "for (int hops = 0; t && hops < 1024 && (btf_is_mod(t) || btf_is_typedef(t)); hops++) {\n" +
      "\t\tif (res_id)",
  },
  // A type that is not there is no type's address: void, for who looks at its kind.
  {
    file: "src/libbpf.c",
    from: "\t\tt = btf__type_by_id(btf, t->type);\n\t}\n\n\treturn t;\n}\n\n" +
      "static const struct btf_type *\nresolve_func_ptr",
    to: "\t\tt = btf__type_by_id(btf, t->type);\n\t}\n\n" +
      "\treturn t ? t : btf__type_by_id(btf, 0);\n}\n\n" +
      "static const struct btf_type *\nresolve_func_ptr",
  },
  // The alignment of a struct that holds itself was looked for until the stack was full. No such type
  // is one of the kernel's configuration.
  {
    file: "src/libbpf.c",
    from: "ext->kcfg.align = btf__align_of(obj->btf, t->type);",
    to: "ext->kcfg.align = find_kcfg_type(obj->btf, t->type, NULL) == KCFG_UNKNOWN ? -1 :\n" +
      "\t\t\t\t\t  btf__align_of(obj->btf, t->type);",
  },
  // The sum of two 32-bit numbers of the file may be a small one.
  {
    file: "src/libbpf.c",
    from: "if (vsi->offset + type->size > data->d_size) {",
    to: "if ((__u64)vsi->offset + type->size > data->d_size) {",
  },
  // Members of a struct_ops that do not lie in it: one is written to, all are read.
  {
    file: "src/libbpf.c",
    from: "member = find_member_by_offset(type, moff * 8);\n\t\tif (!member) {",
    to: "member = find_member_by_offset(type, moff * 8);\n" +
      "\t\tif (!member || (__u64)moff + sizeof(void *) > type->size) {",
  },
  {
    file: "src/libbpf.c",
    from: "msize = btf__resolve_size(btf, member->type);\n\t\tif (msize < 0) {",
    to: "msize = btf__resolve_size(btf, member->type);\n" +
      "\t\tif (msize >= 0 && (__s64)moff + msize > (__s64)type->size)\n\t\t\treturn -EINVAL;\n" +
      "\t\tif (msize < 0) {",
  },
  // The kernel takes as much for a key as the map says, from the stack.
  {
    file: "src/libbpf.c",
    from: "static int init_map_in_map_slots(struct bpf_object *obj, struct bpf_map *map)\n{\n" +
      "\tconst struct bpf_map *targ_map;\n\tunsigned int i;\n\tint fd, err = 0;\n",
    to: "static int init_map_in_map_slots(struct bpf_object *obj, struct bpf_map *map)\n{\n" +
      "\tconst struct bpf_map *targ_map;\n\tunsigned int i;\n\tint fd, err = 0;\n\n" +
      "\tif (map->def.key_size != sizeof(i))\n\t\treturn -EINVAL;\n",
  },
  {
    file: "src/libbpf.c",
    from:
      "\tif (obj->gen_loader)\n\t\treturn -ENOTSUP;\n\n\tfor (i = 0; i < map->init_slots_sz; i++) {",
    to: "\tif (obj->gen_loader)\n\t\treturn -ENOTSUP;\n" +
      "\tif (map->def.key_size != sizeof(i) || map->def.value_size != sizeof(fd))\n" +
      "\t\treturn -EINVAL;\n\n\tfor (i = 0; i < map->init_slots_sz; i++) {",
  },
  // Likewise for keys and values of the maps for USDT probes, from the heap.
  {
    file: "src/usdt.c",
    from: "\tman = calloc(1, sizeof(*man));\n\tif (!man)\n\t\treturn ERR_PTR(-ENOMEM);\n",
    to: "\tif (bpf_map__type(specs_map) != BPF_MAP_TYPE_ARRAY ||\n" +
      "\t    bpf_map__value_size(specs_map) > sizeof(struct usdt_spec) ||\n" +
      "\t    bpf_map__type(ip_to_spec_id_map) != BPF_MAP_TYPE_HASH ||\n" +
      "\t    bpf_map__key_size(ip_to_spec_id_map) != sizeof(long) ||\n" +
      "\t    bpf_map__value_size(ip_to_spec_id_map) != sizeof(int))\n\t\treturn ERR_PTR(-EINVAL);\n\n" +
      "\tman = calloc(1, sizeof(*man));\n\tif (!man)\n\t\treturn ERR_PTR(-ENOMEM);\n",
  },
  // A size that is no error of the kernel's was returned for one, and its pointer taken for an object.
  {
    file: "src/libbpf.c",
    from: "\t\t\t\treturn ext->kcfg.sz;",
    to: "\t\t\t\treturn -EINVAL;",
  },
  {
    file: "src/libbpf.c",
    from: "out:\n\tbpf_object__close(obj);\n\treturn ERR_PTR(err);",
    to: "out:\n\tbpf_object__close(obj);\n" +
      "\treturn ERR_PTR(err < 0 && err >= -4095 ? err : -EINVAL);",
  },
  // The list of candidates was lost with each object that has such a relocation.
  {
    file: "src/libbpf.c",
    from: "\t\t\tif (rec->insn_off % BPF_INSN_SZ)\n\t\t\t\treturn -EINVAL;\n" +
      "\t\t\tinsn_idx = rec->insn_off / BPF_INSN_SZ;\n" +
      "\t\t\tprog = find_prog_by_sec_insn(obj, sec_idx, insn_idx);\n\t\t\tif (!prog) {\n" +
      "\t\t\t\t/* When __weak subprog",
    to:
      "\t\t\tif (rec->insn_off % BPF_INSN_SZ) {\n\t\t\t\terr = -EINVAL;\n\t\t\t\tgoto out;\n\t\t\t}\n" +
      "\t\t\tinsn_idx = rec->insn_off / BPF_INSN_SZ;\n" +
      "\t\t\tprog = find_prog_by_sec_insn(obj, sec_idx, insn_idx);\n\t\t\tif (!prog) {\n" +
      "\t\t\t\t/* When __weak subprog",
  },
  {
    file: "src/libbpf.c",
    from: "\t\t\tif (insn_idx >= prog->insns_cnt)\n\t\t\t\treturn -EINVAL;\n" +
      "\t\t\tinsn = &prog->insns[insn_idx];\n\n\t\t\terr = record_relo_core",
    to:
      "\t\t\tif (insn_idx >= prog->insns_cnt) {\n\t\t\t\terr = -EINVAL;\n\t\t\t\tgoto out;\n\t\t\t}\n" +
      "\t\t\tinsn = &prog->insns[insn_idx];\n\n\t\t\terr = record_relo_core",
  },
  // The second half of an instruction at the end of a subprogram lies outside of the program.
  {
    file: "src/libbpf.c",
    from: "\t\tstruct extern_desc *ext;\n\n\t\tswitch (relo->type) {\n\t\tcase RELO_LD64:",
    to: "\t\tstruct extern_desc *ext;\n\n" +
      "\t\tif ((relo->type == RELO_LD64 || relo->type == RELO_DATA ||\n" +
      "\t\t     relo->type == RELO_EXTERN_LD64) &&\n" +
      "\t\t    (size_t)relo->insn_idx + 1 >= prog->insns_cnt)\n\t\t\treturn -EINVAL;\n" +
      "\t\tswitch (relo->type) {\n\t\tcase RELO_LD64:",
  },
  // A page of an arena that the kernel cannot give is a signal when it is written to first.
  {
    file: "src/libbpf.c",
    from: "\t\t\t\tif (obj->arena_data) {\n\t\t\t\t\tmemcpy(map->mmaped",
    to: "\t\t\t\tif (obj->arena_data && obj->arena_data_sz) {\n" +
      "\t\t\t\t\tsize_t page_sz = sysconf(_SC_PAGE_SIZE);\n" +
      "\t\t\t\t\tsize_t from = obj->arena_data_off / page_sz * page_sz;\n" +
      "\t\t\t\t\tsize_t size = obj->arena_data_off + obj->arena_data_sz - from;\n\n" +
      "\t\t\t\t\tif (obj->arena_data_off + obj->arena_data_sz > bpf_map_mmap_sz(map) ||\n" +
      "\t\t\t\t\t    madvise(map->mmaped + from, size, 23 /* MADV_POPULATE_WRITE */)) {\n" +
      "\t\t\t\t\t\terr = -ENOMEM;\n\t\t\t\t\t\tgoto err_out;\n\t\t\t\t\t}\n" +
      "\t\t\t\t\tmemcpy(map->mmaped",
  },
  // Without bytes in the file, a section is as large as it likes: so were the lists of initial values.
  {
    file: "src/libbpf.c",
    from: '\tif (!data) {\n\t\tpr_warn("elf: failed to get %s map definitions for %s\\n",',
    to: "\tif (!data || !data->d_buf) {\n" +
      '\t\tpr_warn("elf: failed to get %s map definitions for %s\\n",',
  },
];

/** Applies them to an unpacked source. */
export async function fixLibbpf(source: string): Promise<void> {
  for (const { file, from, to } of FIXES) {
    const path = `${source}/${file}`;
    const parts = (await Deno.readTextFile(path)).split(from);
    if (parts.length !== 2) {
      throw new BuildError(`Cannot fix ${file}: it has ${parts.length - 1} times ${from}`);
    }
    await Deno.writeTextFile(path, parts.join(to));
  }
}
