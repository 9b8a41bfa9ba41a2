// SPDX-License-Identifier: MIT
/*
 * Written as a program for Linux is, with sdk/c/compat: options by argp, a handler of SIGINT,
 * counts read from the programs' variables after each sleep, and set back.
 */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "places.skel.h"

static struct env {
	int interval;
	bool verbose;
	const char *object;
	const char *words[4];
} env = {.interval = 3600};

const char *argp_program_version = "linux_style 1.0";
const char *argp_program_bug_address = "<nowhere>";

static const struct argp_option opts[] = {
    {"interval", 'i', "SECONDS", 0, "Seconds between lines", 0},
    {"verbose", 'v', NULL, 0, "Print more", 0},
    {"object", 300, "FILE", 0, "An ELF file to read", 0},
    {"hidden", 'x', NULL, OPTION_HIDDEN, "Not shown", 0},
    {0},
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	struct env *into = state->input;

	switch (key) {
	case 'i':
		into->interval = (int)strtol(arg, NULL, 10);
		if (into->interval <= 0)
			argp_usage(state);
		break;
	case 'v':
		into->verbose = true;
		break;
	case 300:
		into->object = arg;
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num >= 4)
			argp_usage(state);
		into->words[state->arg_num] = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static volatile sig_atomic_t exiting;

static void on_signal(int number)
{
	exiting = number;
}

static void show_environment(void)
{
	unsigned char ip[4] = {127, 0, 0, 1};
	char text[64], name[] = "/nowhere/aXXXXXX";
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .freq = 1};

	printf("address %d %s\n", AF_INET, inet_ntop(AF_INET, ip, text, sizeof(text)));
	printf("interface %u %u\n", if_nametoindex("lo"), if_nametoindex("eth7") >= 0x40000000);
	printf("limits %d %d\n", setrlimit(RLIMIT_MEMLOCK, &limit),
	       setrlimit(RLIMIT_NOFILE, &limit));
	printf("processes %d %d\n", popen("true", "r") == NULL, system("true"));
	printf("files %d %d\n", mkstemp(name), open("/nowhere", O_RDONLY));
	printf("events %ld %d\n", syscall(__NR_perf_event_open, &attr, -1, 0, -1, 0),
	       errno == EOPNOTSUPP);
	attr.sample_freq = 99;
	printf("event %d\n", syscall(__NR_perf_event_open, &attr, -1, 0, -1, 0) >= 0x40000000);
	printf("maps %d %d\n", bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, 4096, NULL) >= 0,
	       bpf_map_create((enum bpf_map_type)250, NULL, 0, 0, 4096, NULL) < 0);
}

static void read_object(const char *path)
{
	int fd = open(path, O_RDONLY);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;
	int functions = 0;

	while (elf && (section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);

		if (gelf_getshdr(section, &header)->sh_type != SHT_SYMTAB || !data)
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++)
			functions += GELF_ST_TYPE(symbol.st_info) == STT_FUNC;
	}
	printf("functions %d\n", functions);
	elf_end(elf);
	close(fd);
}

static void read_types(void)
{
	struct btf *strings = btf__new_empty(), *kernel = btf__load_vmlinux_btf();
	int at = btf__add_str(strings, "text");

	printf("string %s\n", btf__name_by_offset(strings, (__u32)at));
	btf__free(strings);
	if (!kernel)
		return;
	printf("kernel %d %d\n", btf__find_by_name_kind(kernel, "vfs_read", BTF_KIND_FUNC) > 0,
	       btf__resolve_size(kernel, (__u32)btf__find_by_name_kind(kernel, "list_head",
								       BTF_KIND_STRUCT)) == 16);
	btf__free(kernel);
}

static void iterate(struct places_bpf *skel)
{
	struct bpf_link *link = bpf_program__attach_iter(skel->progs.iterate, NULL);
	char text[4096];
	ssize_t got, all = 0;
	int fd;

	fd = bpf_iter_create(bpf_link__fd(link));
	while ((got = read(fd, text, sizeof(text))) > 0)
		all += got;
	printf("iterated %d %d %d\n", all > 0, close(fd), close(fd));
	bpf_link__destroy(link);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
	    .options = opts, .parser = parse_arg, .args_doc = "[WORD...]", .doc = "Counts."};
	struct sigaction action = {.sa_handler = on_signal};
	struct places_bpf *skel;

	if (argp_parse(&argp, argc, argv, 0, NULL, &env))
		return 1;
	printf("parsed %d %d %s\n", env.interval, env.verbose, env.words[0] ? env.words[0] : "-");
	show_environment();
	if (env.object)
		read_object(env.object);
	read_types();
	sigaction(SIGINT, &action, NULL);
	skel = places_bpf__open();
	if (!skel)
		return 1;
	bpf_program__set_autoload(skel->progs.iterate, true);
	skel->bss->runs = 1000;
	if (places_bpf__load(skel) || places_bpf__attach(skel))
		return 1;
	iterate(skel);
	puts("waiting");
	fflush(stdout);
	while (!exiting) {
		unsigned char byte;

		getentropy(&byte, 1);
		/* For as long as it takes until Ctrl-C. */
		sleep((unsigned int)env.interval);
		printf("counted %d\n", skel->bss->runs > 1000);
		skel->bss->runs = 0;
	}
	/* The programs see the new value. */
	usleep(1);
	printf("reset %d, signal %d\n", skel->bss->runs < 1000, (int)exiting);
	places_bpf__destroy(skel);
	return 0;
}
