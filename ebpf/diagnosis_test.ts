/** The logs are libbpf 1.7.0's on Linux 6.18, shortened where lines carry no more information. */
import assert from "node:assert/strict";
import { assertTimely, cpuMs } from "../tests/support/timely.ts";
import { diagnoseAttach, diagnoseLoad, diagnoseOpen, withoutPrefix } from "./diagnosis.ts";

const REFUSED = `\
libbpf: prog 'bad': BPF program load failed: -EACCES
libbpf: prog 'bad': -- BEGIN PROG LOAD LOG --
arg#0 reference type('UNKNOWN ') size cannot be determined: -22
0: R1=ctx() R10=fp0
4: (18) r1 = 0xffff888104376200       ; R1=map_ptr(map=counts,ks=4,vs=8)
6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)
7: (79) r0 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'bad': failed to load: -EACCES
libbpf: failed to load object 'guest'
`;

const CO_RE = `\
libbpf: prog 'p': BPF program load failed: -EINVAL
libbpf: prog 'p': -- BEGIN PROG LOAD LOG --
arg#0 reference type('UNKNOWN ') size cannot be determined: -22
0: R1=ctx() R10=fp0
0: (85) call bpf_get_current_task#35          ; R0=scalar()
1: <invalid CO-RE relocation>
failed to resolve CO-RE relocation <byte_off> [5] struct no_such_struct.f (0:0 @ offset 0)
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'p': failed to load: -EINVAL
libbpf: failed to load object 'guest'
`;

const NO_BTF = `\
libbpf: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?
libbpf: failed to find valid kernel BTF
libbpf: Error loading vmlinux BTF: -ESRCH
`;

const UNPRIVILEGED = `\
libbpf: Failed to bump RLIMIT_MEMLOCK (err = -EPERM), you might need to do it explicitly!
libbpf: Error in bpf_object__probe_loading(): -EPERM. Couldn't load trivial BPF program. \
Make sure your kernel supports BPF (CONFIG_BPF_SYSCALL=y) and/or that RLIMIT_MEMLOCK is set to big enough value.
`;

/** With CAP_BPF alone. */
const NO_PERFMON = `\
libbpf: prog 'p': BPF program load failed: -EPERM
libbpf: prog 'p': failed to load: -EPERM
libbpf: failed to load object 'guest'
`;

/** fentry on a kernel that does not allow it, as root. */
const NOT_EVEN_ROOT = `\
libbpf: prog 'p1': BPF program load failed: -EPERM
libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 8.0 MiB
libbpf: prog 'p1': failed to load: -EPERM
libbpf: failed to load object 'guest'
`;

/** An extension without the program that it extends. */
const FREPLACE = `\
libbpf: prog 'p': attach program FD is not set
libbpf: prog 'p': failed to prepare load attributes: -EINVAL
libbpf: prog 'p': failed to load: -EINVAL
libbpf: failed to load object 'guest'
`;

/** A map so large that its type information is refused before it is. */
const HUGE_MAP = `\
libbpf: BTF loading error: -EINVAL
libbpf: -- BEGIN BTF LOAD LOG ---
magic: 0xeb9f
[6] ARRAY (anon) type_id=2 index_type_id=4 nr_elems=2147483647 Array size overflows U32_MAX

-- END BTF LOAD LOG --
libbpf: Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.
libbpf: map 'huge': failed to create: -ENOMEM
`;

const ODD_MAP = `libbpf: map 'odd': failed to create: -EINVAL\n`;

const NO_KERNEL_FUNCTION = `\
libbpf: extern (func ksym) 'no_such_kfunc': not found in kernel or module BTFs
`;

const NO_TRACEPOINT = `\
libbpf: prog 'p1': failed to find kernel BTF type ID of 'no_such_tracepoint': -ESRCH
libbpf: prog 'p1': failed to prepare load attributes: -ESRCH
libbpf: prog 'p1': failed to load: -ESRCH
libbpf: failed to load object 'guest'
`;

const TOO_COMPLEX = `\
libbpf: prog 'spin': BPF program load failed: -E2BIG
libbpf: prog 'spin': failed to load: -E2BIG
libbpf: failed to load object 'guest'
`;

const UNKNOWN_SECTION = `\
libbpf: prog 'p1': missing BPF prog type, check ELF section name 'no_such_section_kind/x'
libbpf: prog 'p1': failed to load: -EINVAL
libbpf: failed to load object 'guest'
`;

const NO_CONFIGURATION = `\
libbpf: failed to open system Kconfig
`;

/** lsm_cgroup on Linux 5.10. */
const UNKNOWN_KIND = `\
libbpf: prog 'p': BPF program load failed: -EINVAL
libbpf: prog 'p': -- BEGIN PROG LOAD LOG --
processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'p': failed to load: -EINVAL
`;

const NOT_ELF = "libbpf: elf: 'guest' is not a proper ELF object\n";
const HOST_ELF = "libbpf: elf: guest is not a valid eBPF object file\n";
const CUT_ELF =
  "libbpf: elf: failed to get section names strings from guest: invalid `Elf' handle\n";
const SHORT_ELF = "libbpf: elf: failed to open guest as ELF file: invalid ELF file data\n";

/** Expected results of `diagnoseLoad()`: the failed operation, the code, and a match of the hint. */
const LOADS: readonly [
  title: string,
  log: string,
  number: number,
  op: string,
  code: string,
  hint: RegExp,
][] = [
  ["the verifier's refusal", REFUSED, -13, 'load program "bad"', "EACCES", /verifier/],
  ["a missing type of the kernel", CO_RE, -22, 'load program "p"', "EINVAL", /kernel lacks/],
  ["missing BTF", NO_BTF, -3, "load the eBPF object", "ESRCH", /CONFIG_DEBUG_INFO_BTF/],
  ["missing rights", UNPRIVILEGED, -1, "load the eBPF object", "EPERM", /run as root.*CAP_BPF/],
  ["CAP_BPF without CAP_PERFMON", NO_PERFMON, -1, 'load program "p"', "EPERM", /CAP_PERFMON/],
  ["what not even root may", NOT_EVEN_ROOT, -1, 'load program "p1"', "EPERM", /even root/],
  ["a map too large", HUGE_MAP, -12, 'create map "huge"', "ENOMEM", /max_entries/],
  ["a map that is refused", ODD_MAP, -22, 'create map "odd"', "EINVAL", /type, sizes or flags/],
  ["a map beyond limits", ODD_MAP, -7, 'create map "odd"', "E2BIG", /type, sizes or flags/],
  [
    "a missing function of the kernel",
    NO_KERNEL_FUNCTION,
    -22,
    "load the eBPF object",
    "EINVAL",
    /kernel lacks a function/,
  ],
  [
    "a missing tracepoint",
    NO_TRACEPOINT,
    -3,
    'load program "p1"',
    "ESRCH",
    /kernel lacks a .*tracepoint/,
  ],
  ["a program too complex", TOO_COMPLEX, -7, 'load program "spin"', "E2BIG", /a million/],
  ["an extension of no program", FREPLACE, -22, 'load program "p"', "EINVAL", /another program/],
  ["a configuration in no file", NO_CONFIGURATION, -2, "load the eBPF object", "ENOENT", /configs/],
  ["an unknown section", UNKNOWN_SECTION, -22, 'load program "p1"', "EINVAL", /section/],
];

for (const [title, log, number, op, code, hint] of LOADS) {
  Deno.test(`diagnoseLoad() knows ${title}`, () => {
    const error = diagnoseLoad(number, log);
    assert.deepEqual({ op: error.op, code: error.code, errno: error.errno }, {
      op,
      code,
      errno: -number,
    });
    assert.ok(error.message.startsWith(`Cannot ${op}: ${code} (`), error.message);
    assert.match(error.hint ?? "", hint);
  });
}

Deno.test("diagnoseLoad() returns the errno and the whole log for an unknown failure", () => {
  const error = diagnoseLoad(-5, "libbpf: one\nlibbpf: two\n");
  assert.deepEqual([error.code, error.hint, error.detail], ["EIO", undefined, "one\ntwo"]);
});

Deno.test("diagnoseLoad() of a failure without a word has an empty detail", () => {
  assert.equal(diagnoseLoad(-12, "").detail, "");
});

Deno.test("diagnoseLoad() gives the verifier's words alone for detail", () => {
  const detail = diagnoseLoad(-13, REFUSED).detail?.split("\n") ?? [];
  assert.equal(detail[0], "arg#0 reference type('UNKNOWN ') size cannot be determined: -22");
  assert.match(detail.at(-1) ?? "", /^processed 7 insns/);
});

Deno.test("diagnoseLoad() takes a verifier's log without its beginning", () => {
  const kept = REFUSED.slice(REFUSED.indexOf("counts,ks=4"));
  const error = diagnoseLoad(-13, kept);
  assert.equal(error.op, 'load program "bad"');
  assert.match(error.hint ?? "", /verifier/);
  assert.match(error.detail ?? "", /^counts,ks=4[^]*\nprocessed 7 insns.*$/);
});

Deno.test("diagnoseLoad() takes a verifier's log of 10 MiB within a second", async () => {
  const line = "0: (79) r0 = *(u64 *)(r0 +0)         ; R0=scalar()\n";
  const long = REFUSED.replace(/^0: .*\n/m, line.repeat(10 * 2 ** 20 / line.length));
  await assertTimely(
    1000,
    () => cpuMs(() => assert.equal(diagnoseLoad(-13, long).op, 'load program "bad"')),
  );
});

Deno.test("diagnoseLoad() names what the kernel lacks where the verifier gave no reason", () => {
  const lacking = (name: string) => `the kernel lacks what ${name} needs`;
  const error = diagnoseLoad(-22, UNKNOWN_KIND, { lacking });
  assert.equal(error.hint, "the kernel lacks what p needs");
  assert.equal(error.detail, "");
  assert.doesNotMatch(error.message, /verifier/);
  assert.equal(diagnoseLoad(-13, REFUSED, { lacking }).hint?.includes("verifier"), true);
  assert.match(diagnoseLoad(-22, UNKNOWN_KIND).hint ?? "", /verifier/);
});

Deno.test("diagnoseLoad() of EPERM has no line about the limit of locked memory", () => {
  for (const log of [UNPRIVILEGED, NOT_EVEN_ROOT]) {
    const detail = diagnoseLoad(-1, log).detail ?? "";
    assert.doesNotMatch(detail, /RLIMIT|ulimit/);
    assert.equal(detail === "", log === UNPRIVILEGED);
  }
  assert.match(diagnoseLoad(-12, UNPRIVILEGED).detail ?? "", /RLIMIT/);
});

for (
  const [title, log, number, code] of [
    ["a file that is not ELF", NOT_ELF, -4001, "LIBBPF_FORMAT"],
    ["an ELF file for another machine", HOST_ELF, -4001, "LIBBPF_FORMAT"],
    ["an ELF file that is cut off", CUT_ELF, -4001, "LIBBPF_FORMAT"],
    ["an ELF file cut off in its header", SHORT_ELF, -4000, "LIBBPF_LIBELF"],
    ["an empty range", "", -22, "EINVAL"],
  ] as const
) {
  Deno.test(`diagnoseOpen() knows ${title}`, () => {
    const error = diagnoseOpen(number, log);
    assert.equal(error.code, code);
    assert.equal(error.detail, withoutPrefix(log).trimEnd());
    assert.doesNotMatch(error.message, /\d{4}/);
    assert.match(error.hint ?? "", /clang -target bpf/);
  });
}

const TRACEPOINT = { name: "p", section: "tp/sched/sched_process_exec" };

Deno.test("diagnoseAttach() names the program and its section", () => {
  assert.equal(
    diagnoseAttach(TRACEPOINT, -2, "").op,
    'attach program "p" to "tp/sched/sched_process_exec"',
  );
});

Deno.test("diagnoseAttach() names no section that is only the program's name", () => {
  assert.equal(diagnoseAttach({ name: "p", section: "p" }, -2, "").op, 'attach program "p"');
});

for (
  const [title, program, number, hint] of [
    ["a tracepoint without rights", TRACEPOINT, -1, /tracefs/],
    ["a tracepoint that may not be read", TRACEPOINT, -13, /CAP_DAC_READ_SEARCH/],
    ["another program without rights", { name: "p", section: "raw_tp/x" }, -1, /CAP_PERFMON;/],
    ["a tracepoint that is missing", { name: "p", section: "tp/no/such" }, -2, /nothing of that/],
    ["a section without a place", { name: "p", section: "xdp" }, -95, /has no place to attach/],
  ] as const
) {
  Deno.test(`diagnoseAttach() knows ${title}`, () => {
    assert.match(diagnoseAttach(program, number, "").hint ?? "", hint);
  });
}

Deno.test("diagnoseAttach() shows libbpf's log", () => {
  const log = "libbpf: prog 'p4': failed to resolve full path for 'no_such_binary_x': -ENOENT\n";
  assert.equal(
    diagnoseAttach({ name: "p4", section: "uprobe/no_such_binary_x:main" }, -2, log).detail,
    "prog 'p4': failed to resolve full path for 'no_such_binary_x': -ENOENT",
  );
});

Deno.test("withoutPrefix() leaves lines that are not libbpf's alone", () => {
  assert.equal(withoutPrefix("libbpf: a\n b libbpf: c\nd\n"), "a\n b libbpf: c\nd\n");
});
