// SPDX-License-Identifier: MIT
/* Finds processes and pins that keep programs and maps in the kernel. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holders.h"

/* Entries of all bpffs that are looked at, and their depth; tools make a few folders. */
#define MAX_PINS 4096
#define MAX_DEPTH 8

/* Maps of one program that are looked at: as many as libbpf can refer to, nearly always. */
#define MAX_PROGRAM_MAPS 64

/* bpf(2) itself: the gate in the place of libbpf's refuses what no guest needs. */
static int open_by(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

struct search {
	struct left *entries;
	size_t count;
	int64_t deadline_ns;
	uint32_t pins_left;
};

static bool is_over(const struct search *search)
{
	return shim_now_ns() >= search->deadline_ns;
}

/* ---- what a descriptor is -------------------------------------------------------------------- */

static uint32_t number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? (uint32_t)strtoul(at + strlen(word), NULL, 10) : 0;
}

static bool read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static void explain(struct left *entry, int32_t pid, const char *holder)
{
	size_t i;

	if (entry->is_explained)
		return;
	entry->is_explained = true;
	entry->pid = pid;
	for (i = 0; i < sizeof(entry->holder) - 1 && holder[i]; i++) {
		const bool is_shown = holder[i] > ' ' && holder[i] < 0x7f;

		entry->holder[i] = is_shown ? holder[i] : '?';
	}
	entry->holder[i] = '\0';
}

/* Takes what `fdinfo` describes for a holder of each entry that it names. */
static void match(struct search *search, const char *fdinfo, int32_t pid, const char *holder)
{
	/* A link's description names its program. */
	const uint32_t program = number_after(fdinfo, "prog_id:\t");
	const uint32_t map = number_after(fdinfo, "map_id:\t");

	for (size_t i = 0; i < search->count; i++) {
		struct left *entry = &search->entries[i];

		if (entry->id == (entry->kind == KIND_PROGRAM ? program : map))
			explain(entry, pid, holder);
	}
}

/* ---- processes ------------------------------------------------------------------------------- */

static void look_at_process(struct search *search, int32_t pid)
{
	char path[64], target[32], text[1024], command[32] = "";
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) && !is_over(search)) {
		const ssize_t length =
		    readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		/* bpf-map, bpf-prog and bpf_link. */
		if (strncmp(target, "anon_inode:bpf", strlen("anon_inode:bpf")))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, entry->d_name);
		if (!read_small(path, text, sizeof(text)))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (!*command && read_small(path, command, sizeof(command)))
			command[strcspn(command, "\n")] = '\0';
		match(search, text, pid, command);
	}
	if (folder)
		closedir(folder);
}

static void look_at_processes(struct search *search)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder && (entry = readdir(folder)) && !is_over(search)) {
		const int32_t pid = (int32_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0)
			look_at_process(search, pid);
	}
	if (folder)
		closedir(folder);
}

/* ---- pins ------------------------------------------------------------------------------------ */

static void look_at_pin(struct search *search, const char *path)
{
	union bpf_attr attr = {.pathname = (uint64_t)(uintptr_t)path};
	char own[64], text[1024];
	int fd = open_by(BPF_OBJ_GET, &attr);

	if (fd < 0)
		return;
	snprintf(own, sizeof(own), "/proc/thread-self/fdinfo/%d", fd);
	if (read_small(own, text, sizeof(text)))
		match(search, text, 0, path);
	close(fd);
}

static void look_at_pins_in(struct search *search, const char *path, dev_t device, int depth)
{
	DIR *folder = depth < MAX_DEPTH ? opendir(path) : NULL;
	struct dirent *entry;

	while (folder && (entry = readdir(folder)) && search->pins_left && !is_over(search)) {
		char below[PATH_MAX];
		struct stat info;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		search->pins_left--;
		if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ||
		    info.st_dev != device ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
			(int)sizeof(below))
			continue;
		if (S_ISDIR(info.st_mode))
			look_at_pins_in(search, below, device, depth + 1);
		else if (S_ISREG(info.st_mode))
			look_at_pin(search, below);
	}
	if (folder)
		closedir(folder);
}

/* In the mount namespace of this process; a pin in another is not seen. */
static void look_at_pins(struct search *search)
{
	FILE *mounts = fopen("/proc/thread-self/mounts", "re");
	char line[2 * PATH_MAX], path[PATH_MAX], type[32];
	struct stat info;

	while (mounts && fgets(line, sizeof(line), mounts) && !is_over(search)) {
		if (sscanf(line, "%*s %4095s %31s", path, type) == 2 && !strcmp(type, "bpf") &&
		    !stat(path, &info))
			look_at_pins_in(search, path, info.st_dev, 0);
	}
	if (mounts)
		fclose(mounts);
}

/* ---- maps of programs that are held ---------------------------------------------------------- */

static void look_at_maps_of(struct search *search, uint32_t program)
{
	uint32_t maps[MAX_PROGRAM_MAPS];
	struct bpf_prog_info info = {.map_ids = (uint64_t)(uintptr_t)maps,
				     .nr_map_ids = MAX_PROGRAM_MAPS};
	union bpf_attr attr = {.prog_id = program};
	uint32_t size = sizeof(info);
	int fd = open_by(BPF_PROG_GET_FD_BY_ID, &attr);

	if (fd < 0)
		return;
	if (!bpf_prog_get_info_by_fd(fd, &info, &size)) {
		for (uint32_t m = 0; m < info.nr_map_ids && m < MAX_PROGRAM_MAPS; m++) {
			for (size_t i = 0; i < search->count; i++) {
				struct left *entry = &search->entries[i];

				if (entry->kind == KIND_MAP && entry->id == maps[m])
					explain(entry, 0, "");
			}
		}
	}
	close(fd);
}

void holders_find(struct left *entries, size_t count, int64_t deadline_ns)
{
	struct search search = {entries, count, deadline_ns, MAX_PINS};

	look_at_processes(&search);
	look_at_pins(&search);
	for (size_t i = 0; i < count && !is_over(&search); i++) {
		if (entries[i].kind == KIND_PROGRAM && entries[i].is_explained)
			look_at_maps_of(&search, entries[i].id);
	}
}
