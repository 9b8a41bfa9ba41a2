/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct fw_unknown;
union fw_unknown_too;
enum fw_later;

struct fw_list {
	struct fw_list *next, **previous;
	struct fw_unknown *unknown;
	union fw_unknown_too *too;
	u32 value;
};
KEEP(fw_list);

struct fw_b;
struct fw_a {
	struct fw_b *b;
	u8 x;
};
struct fw_b {
	struct fw_a a;
	struct fw_b *others[2];
	int (*call)(struct fw_a, struct fw_unknown *, ...);
	struct fw_unknown *(*make)(const char *, int (*)(void));
};
KEEP(fw_b);
