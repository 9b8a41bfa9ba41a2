/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct pk_packed {
	char a;
	u64 b;
	short c;
	u32 d;
} __attribute__((packed));
KEEP(pk_packed);

struct pk_two {
	char a;
	u32 b;
	u64 c;
} __attribute__((packed, aligned(2)));
KEEP(pk_two);

struct pk_four {
	char a;
	u64 b;
} __attribute__((packed, aligned(4)));
KEEP(pk_four);

struct pk_cacheline {
	u32 a;
} __attribute__((aligned(64)));
KEEP(pk_cacheline);

struct pk_members {
	char a;
	char b __attribute__((aligned(8)));
	u16 c __attribute__((packed));
	u64 d __attribute__((packed));
	char e __attribute__((aligned(32)));
	u8 f;
};
KEEP(pk_members);

struct pk_outer {
	char a;
	struct pk_packed inner;
	struct pk_four inner4;
	struct pk_cacheline line;
	struct pk_packed list[2];
	char b;
};
KEEP(pk_outer);

struct pk_natural_inside {
	char a;
	struct {
		char x;
		u32 y;
	} natural;
	u16 tail;
} __attribute__((packed));
KEEP(pk_natural_inside);

#pragma pack(push, 2)
struct pk_pragma {
	char a;
	u32 b;
	u64 c;
	char d;
};
#pragma pack(pop)
KEEP(pk_pragma);

struct pk_pointers {
	u8 a;
	void *p;
	u8 text[3];
	double f;
} __attribute__((packed));
KEEP(pk_pointers);
