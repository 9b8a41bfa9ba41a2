/**
 * Public programs on libbpf by name, with the headers that they include and the calls that they
 * make. The test generates its own programs from these, so that each kind of include and call is
 * compiled and linked.
 */

/** Public program. */
export interface PublicProgram {
  readonly name: string;
  /** System headers, in `<>`. */
  readonly headers: string;
  /** Keys of {@linkcode USES}. */
  readonly uses: string;
}

/** C statements by keyword; each is put in a separate function. */
export const USES: Readonly<Record<string, string>> = {
  argp:
    'static const struct argp_option options[] = {{"x", \'x\', 0, 0, "y", 0}, {0}}; static const struct argp argp = {.options = options, .parser = parse, .doc = "d"}; argp_parse(&argp, 1, words, 0, NULL, NULL);',
  print: "libbpf_set_print(print); libbpf_set_strict_mode(LIBBPF_STRICT_ALL);",
  error:
    "char text[64]; libbpf_strerror(-2, text, sizeof(text)); err = (int)libbpf_get_error(skel);",
  signal: "signal(SIGINT, on_signal); signal(SIGTERM, on_signal);",
  sigaction: "struct sigaction action = {.sa_handler = on_signal}; sigaction(SIGINT, &action, 0);",
  rlimit:
    "struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY}; err = setrlimit(RLIMIT_MEMLOCK, &limit);",
  time:
    'time_t now = time(NULL); char text[32]; strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));',
  clock: "struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);",
  sleep: "sleep(1);",
  variables: "skel->bss->runs = 0; err = (int)skel->bss->runs;",
  ring:
    "struct ring_buffer *rb = ring_buffer__new(fd, on_event, NULL, NULL); ring_buffer__poll(rb, 100); ring_buffer__free(rb);",
  perf:
    "struct perf_buffer *pb = perf_buffer__new(fd, 16, on_perf, on_lost, NULL, NULL); perf_buffer__poll(pb, 100); perf_buffer__free(pb);",
  either:
    "bpf_map__set_autocreate(map, false); bpf_map__set_type(map, BPF_MAP_TYPE_PERF_EVENT_ARRAY); bpf_map__set_key_size(map, 4); bpf_map__set_value_size(map, 4); err = bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, (unsigned int)getpagesize(), NULL);",
  opts:
    "LIBBPF_OPTS(bpf_object_open_opts, opts); opts.btf_custom_path = NULL; skel = places_bpf__open_opts(&opts);",
  autoload: "bpf_program__set_autoload(program, false);",
  target: 'err = bpf_program__set_attach_target(program, 0, "vfs_read");',
  sizes: "bpf_map__set_value_size(map, 8); bpf_map__set_max_entries(map, 10);",
  cpus: "err = libbpf_num_possible_cpus();",
  elements:
    'char key[8] = "", next[8], value[64]; bpf_map_get_next_key(fd, key, next); bpf_map_lookup_elem(fd, next, value); bpf_map_delete_elem(fd, next); bpf_map_update_elem(fd, key, value, BPF_ANY);',
  batch:
    "char keys[64], values[64]; __u32 count = 4; void *in = NULL, *out; bpf_map_lookup_batch(fd, &in, &out, keys, values, &count, NULL); bpf_map_lookup_and_delete_batch(fd, &in, &out, keys, values, &count, NULL); bpf_map_delete_batch(fd, keys, &count, NULL);",
  kprobe: 'link = bpf_program__attach_kprobe(program, true, "vfs_read");',
  uprobe: 'link = bpf_program__attach_uprobe(program, false, -1, "/bin/x", 16);',
  usdt: 'link = bpf_program__attach_usdt(program, 7, "/bin/x", "p", "n", NULL);',
  event:
    "struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .freq = 1, .sample_freq = 99, .config = PERF_COUNT_SW_CPU_CLOCK}; err = (int)syscall(__NR_perf_event_open, &attr, -1, 0, -1, 0); link = bpf_program__attach_perf_event(program, err); close(err);",
  destroy: "bpf_link__destroy(link);",
  elf:
    "Elf *elf = elf_begin(3, ELF_C_READ, NULL); Elf_Scn *scn = elf_nextscn(elf, NULL); GElf_Shdr shdr; GElf_Sym sym; gelf_getshdr(scn, &shdr); gelf_getsym(elf_getdata(scn, NULL), 0, &sym); elf_strptr(elf, shdr.sh_link, sym.st_name); elf_end(elf);",
  btf:
    'struct btf *btf = btf__parse("/sys/kernel/btf/vmlinux", NULL); err = btf__find_by_name_kind(btf, "x", BTF_KIND_FUNC); btf__free(btf);',
  strings:
    'struct btf *set = btf__new_empty(); btf__name_by_offset(set, (unsigned int)btf__add_str(set, "x")); btf__free(set);',
  probe:
    'struct bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0}, {.code = BPF_JMP | BPF_EXIT}}; LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_RAW_TP); load.attach_btf_id = (unsigned int)libbpf_find_vmlinux_btf_id("x", BPF_TRACE_RAW_TP); err = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", insns, 2, &load);',
  inflate: "z_stream stream = {0}; err = inflateInit2(&stream, 16 + MAX_WBITS);",
  uname: "struct utsname name; err = uname(&name);",
  popen: 'FILE *pipe = popen("ldd /bin/bash", "r"); if (pipe) pclose(pipe);',
  system: 'err = system("clear");',
  mkstemp: 'char name[] = "/tmp/xXXXXXX"; err = mkstemp(name);',
  files: 'err = access("/proc/x", R_OK); err = open("/proc/x", O_RDONLY); close(err);',
  flags: "err = (err & O_CREAT) | (err & O_TMPFILE);",
  address:
    "char text[INET6_ADDRSTRLEN]; inet_ntop(err == AF_INET6 ? AF_INET6 : AF_INET, &err, text, sizeof(text));",
  pid: "err = (int)getpid();",
  stat: 'struct stat info; err = stat("/proc/self/ns/pid", &info);',
  iterator:
    "char text[8]; err = bpf_iter_create(bpf_link__fd(link)); err = (int)read(err, text, sizeof(text)); close(err);",
  tc:
    "DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_INGRESS); DECLARE_LIBBPF_OPTS(bpf_tc_opts, how, .handle = 1, .priority = 1); bpf_tc_hook_create(&hook); how.prog_fd = bpf_program__fd(program); bpf_tc_attach(&hook, &how); bpf_tc_detach(&hook, &how); bpf_tc_hook_destroy(&hook);",
  packets:
    'struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)}; char name[IF_NAMESIZE]; int sock = socket(PF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)); address.sll_ifindex = (int)if_nametoindex("lo"); bind(sock, (struct sockaddr *)&address, sizeof(address)); setsockopt(sock, SOL_SOCKET, SO_ATTACH_BPF, &err, sizeof(err)); if_indextoname(1, name); err = PACKET_HOST + IPPROTO_BEETPH + IPPROTO_MPLS; puts(inet_ntoa((struct in_addr){1}));',
  setjmp: "static jmp_buf where; err = setjmp(where);",
  scan:
    'FILE *maps = fopen("/proc/self/maps", "r"); size_t a, b; if (maps) { fscanf(maps, "%zx-%zx", &a, &b); fclose(maps); }',
  attach: "link = bpf_program__attach(program);",
  pause: "pause();",
  strsignal: "puts(strsignal(9));",
  pton: 'char bytes[16]; err = inet_pton(AF_INET6, "::1", bytes);',
  vmlinux:
    'const struct btf *kernel = btf__load_vmlinux_btf(); err = btf__find_by_name_kind(kernel, "x", BTF_KIND_FUNC);',
  page: "err = (int)sysconf(_SC_PAGESIZE);",
  atomic: "err = (int)__atomic_exchange_n(&skel->bss->runs, 0, __ATOMIC_RELAXED);",
  folder: "err = AT_FDCWD;",
  calendar: "time_t now = time(NULL); struct tm tm; err = localtime_r(&now, &tm) != NULL;",
  // Calls that no guest can make: these do not compile.
  fork: "err = (int)fork();",
  dump: "struct btf_dump *dump = btf_dump__new(NULL, NULL, NULL, NULL); (void)dump;",
  blazesym: "struct blazesym *symbolizer = blazesym_new(); (void)symbolizer;",
};

const COMMON = "argp.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h";
/** Calls of every bcc tool with argp. */
const TOOL = "argp print signal time opts autoload";

/** Programs of libbpf-bootstrap: all of `examples/c`. */
export const BOOTSTRAP: readonly PublicProgram[] = [
  {
    name: "minimal",
    headers: "stdio.h unistd.h sys/resource.h bpf/libbpf.h",
    uses: "print variables pid sleep",
  },
  {
    name: "minimal_legacy",
    headers: "stdio.h unistd.h sys/resource.h bpf/libbpf.h",
    uses: "print elements pid sleep",
  },
  {
    name: "minimal_ns",
    headers: "stdio.h sys/stat.h unistd.h bpf/libbpf.h",
    uses: "print stat variables pid sleep",
  },
  {
    name: "bootstrap",
    headers: "argp.h signal.h stdio.h time.h sys/resource.h bpf/libbpf.h",
    uses: "argp print signal time ring variables",
  },
  {
    name: "bootstrap_legacy",
    headers: "argp.h signal.h stdio.h time.h sys/resource.h bpf/libbpf.h",
    uses: "argp print signal time perf",
  },
  {
    name: "uprobe",
    headers: "errno.h stdio.h unistd.h sys/resource.h bpf/libbpf.h",
    uses: "print scan uprobe sleep",
  },
  {
    name: "kprobe",
    headers: "stdio.h unistd.h signal.h string.h errno.h sys/resource.h bpf/libbpf.h",
    uses: "print signal sleep",
  },
  {
    name: "fentry",
    headers: "stdio.h unistd.h signal.h string.h errno.h sys/resource.h bpf/libbpf.h",
    uses: "print signal sleep",
  },
  {
    name: "usdt",
    headers: "signal.h unistd.h setjmp.h linux/limits.h bpf/libbpf.h",
    uses: "print variables pid usdt signal setjmp sleep",
  },
  {
    name: "sockfilter",
    headers:
      "arpa/inet.h assert.h bpf/libbpf.h linux/if_packet.h linux/if_ether.h linux/in.h net/if.h signal.h stdio.h sys/resource.h sys/socket.h unistd.h",
    uses: "print signal ring packets sleep",
  },
  { name: "tc", headers: "signal.h unistd.h bpf/libbpf.h", uses: "print tc signal sleep" },
  {
    name: "ksyscall",
    headers: "stdio.h unistd.h sys/resource.h bpf/libbpf.h",
    uses: "print sleep",
  },
  {
    name: "task_iter",
    headers: "argp.h signal.h stdio.h sys/resource.h bpf/bpf.h bpf/libbpf.h unistd.h",
    uses: "print signal iterator",
  },
  {
    name: "lsm",
    headers: "stdio.h unistd.h sys/resource.h bpf/libbpf.h stdlib.h",
    uses: "print rlimit sleep",
  },
  {
    name: "profile",
    headers:
      "stdio.h unistd.h string.h sys/syscall.h sys/sysinfo.h linux/perf_event.h bpf/libbpf.h bpf/bpf.h",
    uses: "cpus event ring blazesym",
  },
];

/**
 * Programs of bcc's libbpf-tools: those whose sources were read for this, and the files that they
 * share.
 */
export const TOOLS: readonly PublicProgram[] = [
  { name: "bashreadline", headers: `${COMMON} errno.h ctype.h`, uses: `${TOOL} popen uprobe perf` },
  {
    name: "biolatency",
    headers: `${COMMON} fcntl.h sys/resource.h`,
    uses: `${TOOL} elements files sleep`,
  },
  { name: "biotop", headers: `${COMMON} errno.h`, uses: `${TOOL} system batch sleep` },
  { name: "capable", headers: `${COMMON} fcntl.h`, uses: `${TOOL} pid sizes elements files perf` },
  {
    name: "cpufreq",
    headers: `${COMMON} linux/perf_event.h asm/unistd.h`,
    uses: "argp print signal cpus event variables destroy sleep",
  },
  {
    name: "execsnoop",
    headers: `${COMMON} fcntl.h sys/time.h`,
    uses: `${TOOL} clock either files`,
  },
  { name: "fsslower", headers: `${COMMON} libgen.h`, uses: `${TOOL} target kprobe perf` },
  {
    name: "funclatency",
    headers: `${COMMON} errno.h fcntl.h`,
    uses: "argp print sigaction time opts kprobe uprobe variables sleep",
  },
  {
    name: "futexctn",
    headers: `${COMMON} stdint.h fcntl.h sys/resource.h`,
    uses: `${TOOL} sizes elements sleep`,
  },
  { name: "gethostlatency", headers: `${COMMON} errno.h`, uses: `${TOOL} scan uprobe error perf` },
  {
    name: "javagc",
    headers: `${COMMON} ctype.h sys/resource.h errno.h`,
    uses: `${TOOL} scan usdt perf`,
  },
  {
    name: "klockstat",
    headers: `${COMMON} errno.h sys/param.h`,
    uses: "argp print sigaction time autoload elements sleep",
  },
  {
    name: "ksnoop",
    headers:
      "ctype.h errno.h getopt.h signal.h stdio.h stdlib.h string.h bpf/bpf.h bpf/libbpf.h bpf/btf.h",
    uses: "print signal btf perf dump",
  },
  {
    name: "llcstat",
    headers: `${COMMON} linux/perf_event.h asm/unistd.h`,
    uses: `${TOOL} cpus event elements destroy sleep`,
  },
  { name: "mdflush", headers: `${COMMON} errno.h`, uses: "argp print signal time perf" },
  {
    name: "memleak",
    headers: `${COMMON} poll.h stdint.h sys/types.h`,
    uses: "argp print signal fork",
  },
  { name: "opensnoop", headers: `${COMMON} fcntl.h sys/time.h`, uses: `${TOOL} either flags` },
  {
    name: "profile",
    headers: `${COMMON} inttypes.h linux/perf_event.h asm/unistd.h`,
    uses: "argp print signal cpus event sizes elements sleep",
  },
  {
    name: "runqlen",
    headers: `${COMMON} linux/perf_event.h asm/unistd.h`,
    uses: "argp print signal time cpus event variables destroy sleep",
  },
  {
    name: "tcppktlat",
    headers: `${COMMON} fcntl.h arpa/inet.h sys/socket.h sys/resource.h`,
    uses: `${TOOL} either probe address`,
  },
  {
    name: "tcptop",
    headers: `${COMMON} arpa/inet.h errno.h fcntl.h sys/types.h sys/stat.h`,
    uses: `${TOOL} system elements files address sleep`,
  },
  {
    name: "tcptracer",
    headers: `${COMMON} sys/resource.h arpa/inet.h limits.h`,
    uses: `${TOOL} perf address`,
  },
  { name: "vfsstat", headers: `${COMMON}`, uses: "argp print time opts autoload variables sleep" },
  {
    name: "bindsnoop",
    headers:
      "argp.h arpa/inet.h errno.h signal.h string.h sys/socket.h time.h unistd.h fcntl.h bpf/libbpf.h bpf/bpf.h",
    uses: `${TOOL} elements files address perf`,
  },
  {
    name: "biosnoop",
    headers:
      "argp.h signal.h stdio.h unistd.h time.h sys/resource.h fcntl.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal clock elements files attach perf",
  },
  {
    name: "biopattern",
    headers: "argp.h signal.h stdio.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time elements sleep",
  },
  {
    name: "biostacks",
    headers: "argp.h signal.h stdio.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal target attach elements sleep",
  },
  {
    name: "bitesize",
    headers: "argp.h signal.h stdio.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time elements sleep",
  },
  {
    name: "cachestat",
    headers: "argp.h signal.h stdio.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time target scan atomic sleep",
  },
  {
    name: "drsnoop",
    headers: "argp.h signal.h stdio.h stdlib.h string.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time autoload page clock perf",
  },
  {
    name: "exitsnoop",
    headers: "argp.h errno.h signal.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time opts strsignal perf",
  },
  {
    name: "filelife",
    headers: "argp.h signal.h stdio.h stdlib.h string.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time opts perf",
  },
  {
    name: "filetop",
    headers:
      "argp.h errno.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal opts elements system sleep",
  },
  {
    name: "fsdist",
    headers:
      "argp.h libgen.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time target autoload kprobe error variables sleep",
  },
  {
    name: "hardirqs",
    headers:
      "argp.h signal.h stdio.h stdlib.h string.h time.h unistd.h fcntl.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time elements files attach sleep",
  },
  {
    name: "mountsnoop",
    headers: "argp.h errno.h fcntl.h signal.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: `${TOOL} either folder ring perf`,
  },
  {
    name: "numamove",
    headers: "argp.h signal.h stdio.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time atomic sleep",
  },
  {
    name: "oomkill",
    headers:
      "bpf/bpf.h bpf/libbpf.h errno.h fcntl.h signal.h string.h sys/stat.h sys/types.h time.h unistd.h",
    uses: "print signal time files perf",
  },
  {
    name: "readahead",
    headers: "argp.h signal.h stdio.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal target variables sleep",
  },
  {
    name: "runqlat",
    headers: "argp.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time elements sleep",
  },
  {
    name: "softirqs",
    headers: "argp.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time atomic variables sleep",
  },
  {
    name: "solisten",
    headers:
      "argp.h arpa/inet.h errno.h inttypes.h signal.h sys/socket.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: `${TOOL} address perf`,
  },
  {
    name: "statsnoop",
    headers: "argp.h errno.h signal.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal perf",
  },
  {
    name: "syscount",
    headers: "unistd.h signal.h fcntl.h time.h argp.h bpf/bpf.h",
    uses: "argp print signal opts calendar elements batch files attach sleep",
  },
  {
    name: "tcpconnect",
    headers: "sys/resource.h arpa/inet.h argp.h signal.h limits.h unistd.h time.h bpf/bpf.h",
    uses: "argp print signal opts address elements batch pause perf",
  },
  {
    name: "tcprtt",
    headers: "arpa/inet.h argp.h stdio.h signal.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time autoload pton address elements clock sleep",
  },
  {
    name: "tcpstates",
    headers:
      "argp.h arpa/inet.h errno.h signal.h string.h sys/socket.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time opts address elements perf",
  },
  {
    name: "wakeuptime",
    headers: "argp.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal sizes elements sleep",
  },
  {
    name: "slabratetop",
    headers:
      "argp.h errno.h signal.h stdio.h stdlib.h string.h time.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal autoload elements system sleep",
  },
  {
    name: "sigsnoop",
    headers: "argp.h libgen.h signal.h time.h bpf/bpf.h bpf/btf.h",
    uses: "argp print signal time autoload vmlinux perf",
  },
  {
    name: "tcplife",
    headers: "argp.h errno.h signal.h time.h arpa/inet.h sys/socket.h",
    uses: "argp print signal time opts address perf",
  },
  {
    name: "tcpsynbl",
    headers: "argp.h stdio.h signal.h unistd.h time.h bpf/libbpf.h bpf/bpf.h",
    uses: "argp print signal time autoload elements sleep",
  },
  {
    name: "trace_helpers",
    headers:
      "ctype.h stdio.h stdlib.h string.h unistd.h errno.h fcntl.h sys/resource.h time.h bpf/bpf.h bpf/btf.h bpf/libbpf.h limits.h",
    uses: "btf strings probe files clock scan",
  },
  {
    name: "uprobe_helpers",
    headers:
      "sys/types.h sys/stat.h fcntl.h stdio.h stdarg.h stdlib.h string.h unistd.h errno.h limits.h gelf.h",
    uses: "elf popen files",
  },
  {
    name: "btf_helpers",
    headers: "errno.h stdio.h stdlib.h string.h sys/utsname.h zlib.h unistd.h",
    uses: "uname mkstemp inflate",
  },
  { name: "map_helpers", headers: "stdlib.h stdio.h errno.h bpf/bpf.h", uses: "elements batch" },
  { name: "syscall_helpers", headers: "stdlib.h string.h limits.h stdio.h errno.h", uses: "popen" },
  {
    name: "compat",
    headers: "stdlib.h errno.h unistd.h bpf/libbpf.h bpf/bpf.h",
    uses: "either ring perf",
  },
];

/** Returns the source of a program with a program's includes and calls. */
export function sourceOf({ headers, uses }: PublicProgram): string {
  const words = uses.split(" ");
  const functions = words.map((use, i) => `static void use_${i}(void)\n{\n\t${USES[use]}\n}\n`);
  return [
    "#define _GNU_SOURCE",
    ...headers.split(" ").map((header) => `#include <${header}>`),
    '#include "places.skel.h"',
    ...uses.includes("argp")
      ? [
        "static error_t parse(int key, char *arg, struct argp_state *state) { if (key == 'h') argp_state_help(state, stderr, ARGP_HELP_STD_HELP); if (!arg) argp_usage(state); return ARGP_ERR_UNKNOWN; }",
        'static char *words[] = {"program", NULL};',
      ]
      : [],
    "static struct places_bpf *skel; static struct bpf_program *program; static struct bpf_map *map; static struct bpf_link *link_; static int fd, err;",
    "#define link link_",
    "static int print(enum libbpf_print_level level, const char *format, va_list args) { (void)level; return vfprintf(stderr, format, args); }",
    "static int on_event(void *ctx, void *data, size_t size) { (void)ctx; (void)data; return (int)size; }",
    "static void on_perf(void *ctx, int cpu, void *data, __u32 size) { (void)ctx; (void)cpu; (void)data; (void)size; }",
    "static void on_lost(void *ctx, int cpu, __u64 count) { (void)ctx; (void)cpu; (void)count; }",
    "static void on_signal(int number) { (void)number; }",
    ...functions,
    "int main(void)",
    "{",
    "\t(void)print, (void)on_event, (void)on_perf, (void)on_lost, (void)on_signal, (void)link, (void)map, (void)program, (void)fd, (void)err;",
    "\tskel = places_bpf__open_and_load();",
    "\tif (!skel)\n\t\treturn 1;",
    "\tmap = skel->maps.numbers;",
    "\tprogram = skel->progs.first;",
    "\tfd = bpf_map__fd(map);",
    // Linked and never run: other tests cover the calls.
    ...words.map((_, i) => `\tif (fd == 99999)\n\t\tuse_${i}();`),
    "\tplaces_bpf__destroy(skel);",
    '\tputs("ran");',
    "\treturn 0;",
    "}",
    "",
  ].join("\n");
}
