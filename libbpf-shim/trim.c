// SPDX-License-Identifier: MIT
/*
 * Memory of the program's file that only its start needed. Deno's start touches some 45 MB of code
 * and constants, and a run that waits for events uses a few of them; without this, all of it counts
 * as resident memory of the process, for as long as it runs.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst of the kernel). */
#define OF_FILE (1ULL << 61)
#define PRESENT (1ULL << 63)

/* Entries that are read at once. */
#define ENTRIES 512

static bool is_of_file(uint64_t entry)
{
	return (entry & (OF_FILE | PRESENT)) == (OF_FILE | PRESENT);
}

/* A page that was written is the process's own, such as one with a breakpoint: it is left alone. */
static void trim_pages(uintptr_t first, const uint64_t *entries, size_t count, uintptr_t page)
{
	for (size_t start = 0, end; start < count; start = end) {
		end = start + 1;
		if (!is_of_file(entries[start]))
			continue;
		while (end < count && is_of_file(entries[end]))
			end++;
		madvise((void *)(first + start * page), (end - start) * page, MADV_DONTNEED);
	}
}

static void trim_segment(int page_map, uintptr_t from, uintptr_t to)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint64_t entries[ENTRIES];

	from = (from + page - 1) / page * page;
	while (from + page <= to) {
		size_t wanted = (to - from) / page < ENTRIES ? (to - from) / page : ENTRIES;
		ssize_t size = pread(page_map, entries, wanted * sizeof(entries[0]),
				     (off_t)(from / page * sizeof(entries[0])));

		if (size < (ssize_t)sizeof(entries[0]))
			return;
		trim_pages(from, entries, (size_t)size / sizeof(entries[0]), page);
		from += (size_t)size / sizeof(entries[0]) * page;
	}
}

/* The first object is the program itself. */
static int trim_program(struct dl_phdr_info *info, size_t info_size, void *page_map)
{
	(void)info_size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			trim_segment(*(const int *)page_map, start, start + segment->p_filesz);
	}
	return 1;
}

void shim_trim(void)
{
	int page_map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (page_map < 0)
		return;
	dl_iterate_phdr(trim_program, &page_map);
	close(page_map);
}
