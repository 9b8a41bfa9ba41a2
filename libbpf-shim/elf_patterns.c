// SPDX-License-Identifier: MIT
/* Functions of ELF files by patterns of names, and the names of the function at a place. */
#include <stdlib.h>
#include <string.h>

#include "elf_symbols.h"

/* Longer names match no pattern: each * makes the work grow by their length. */
#define MAX_NAME_LENGTH 4096

/* MAX_UPROBE_MULTI_CNT of the kernel. */
#define MAX_MATCHES ((size_t)1 << 20)

/* Reports whether the text matches. On a mismatch the last * takes one character more. */
static bool matches(const char *text, const char *pattern)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static int match_in(const struct shim_elf *file, uint32_t type, const char *pattern,
		    unsigned long **offsets, size_t *count)
{
	unsigned long *found = NULL;
	size_t used = 0, room = 0;
	struct shim_symbols symbols;
	struct shim_symbol symbol;
	int err = -ENOENT;

	if (shim_symbols_open(file, type, &symbols))
		return -ENOENT;
	while (shim_symbols_next(&symbols, &symbol)) {
		if (strnlen(symbol.name, MAX_NAME_LENGTH) == MAX_NAME_LENGTH ||
		    !matches(symbol.name, pattern) ||
		    !shim_elf__is_code(file, symbol.function.offset))
			continue;
		if (used == MAX_MATCHES) {
			err = -E2BIG;
			goto err_out;
		}
		if (used == room) {
			unsigned long *grown;

			room = room ? room * 2 : 64;
			grown = realloc(found, room * sizeof(*found));
			if (!grown) {
				err = -ENOMEM;
				goto err_out;
			}
			found = grown;
		}
		found[used++] = symbol.function.offset;
	}
	if (!used)
		goto err_out;
	*offsets = found;
	*count = used;
	return 0;

err_out:
	free(found);
	return err;
}

int shim_elf__match_functions(const struct shim_elf *file, const char *pattern,
			      unsigned long **offsets, size_t *count)
{
	int err = match_in(file, SHT_SYMTAB, pattern, offsets, count);

	return err == -ENOENT ? match_in(file, SHT_DYNSYM, pattern, offsets, count) : err;
}

/* Reports whether the symbol's name is, or matches, what a rule has; versions are left out. */
static bool is_named(const char *name, const char *pattern)
{
	char plain[MAX_NAME_LENGTH];
	const size_t length = strcspn(name, "@"), wanted = strcspn(pattern, "@");
	char own[MAX_NAME_LENGTH];

	if (length >= sizeof(own) || wanted >= sizeof(plain))
		return false;
	memcpy(own, name, length);
	own[length] = '\0';
	memcpy(plain, pattern, wanted);
	plain[wanted] = '\0';
	return matches(own, plain);
}

static bool covers_in(const struct shim_elf *file, uint32_t type, const char *pattern,
		      uint64_t offset)
{
	struct shim_symbols symbols;
	struct shim_symbol symbol;

	if (shim_symbols_open(file, type, &symbols))
		return false;
	while (shim_symbols_next(&symbols, &symbol)) {
		const struct shim_function *function = &symbol.function;

		/* A function without a size has its entry. */
		if (offset >= function->offset &&
		    offset - function->offset < (function->size ? function->size : 1) &&
		    is_named(symbol.name, pattern))
			return true;
	}
	return false;
}

bool shim_elf__covers(const struct shim_elf *file, const char *pattern, uint64_t offset)
{
	return covers_in(file, SHT_DYNSYM, pattern, offset) ||
	       covers_in(file, SHT_SYMTAB, pattern, offset);
}
