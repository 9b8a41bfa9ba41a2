// SPDX-License-Identifier: MIT
/* Opens an object after one change, and prints the errno as libbpf's users see it. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WASM_BPF_EMBED(sample, "sample.bpf.o");

/* Offsets in a 64-bit ELF file: its byte order, and its table of section headers. */
#define BYTE_ORDER_AT 5
#define TABLE_AT 40
#define COUNT_AT 60
#define NAMES_AT 62
#define HEADER_SIZE 64
#define SYMBOLS 2

static unsigned char *header_at(unsigned char *elf, unsigned int index)
{
	return elf + *(unsigned long long *)(elf + TABLE_AT) + index * HEADER_SIZE;
}

static const char *name_of(unsigned char *elf, const unsigned char *header)
{
	const unsigned char *names = header_at(elf, *(unsigned short *)(elf + NAMES_AT));

	return (const char *)elf + *(const unsigned long long *)(names + 24) +
	       *(const unsigned int *)header;
}

static void change(unsigned char *elf, const char *how)
{
	if (!strcmp(how, "byte-order"))
		elf[BYTE_ORDER_AT] = 2;
	if (!strcmp(how, "magic"))
		elf[1] = 'X';
	for (unsigned int i = 0; i < *(unsigned short *)(elf + COUNT_AT); i++) {
		unsigned char *header = header_at(elf, i);

		if (!strcmp(how, "no-symbols") && *(unsigned int *)(header + 4) == SYMBOLS)
			*(unsigned int *)(header + 4) = 1;
		/* The name without its dot: the form of map definitions before libbpf 1.0. */
		if (!strcmp(how, "legacy-maps") && !strcmp(name_of(elf, header), ".maps"))
			++*(unsigned int *)header;
		if (!strcmp(how, "no-btf") && !strcmp(name_of(elf, header), ".BTF"))
			++*(unsigned int *)header;
	}
}

int main(int argc, char **argv)
{
	unsigned char *elf = malloc(WASM_BPF_SIZE(sample));
	struct bpf_object *object;
	char words[64];

	if (!elf || argc != 2)
		return 2;
	memcpy(elf, sample, WASM_BPF_SIZE(sample));
	change(elf, argv[1]);
	object = bpf_object__open_mem(elf, WASM_BPF_SIZE(sample), NULL);
	libbpf_strerror(errno, words, sizeof(words));
	printf("%s\n", object ? "opened" : words);
	bpf_object__close(object);
	free(elf);
	return 0;
}
