/* SPDX-License-Identifier: MIT */
#include "corpus.h"

union un_mixed {
	u8 a;
	u16 b;
	u32 c;
	u64 d;
	double e;
	char text[12];
};
KEEP_AS(union un_mixed, un_mixed);

union un_padded {
	char a[3];
	short b;
} __attribute__((aligned(16)));
KEEP_AS(union un_padded, un_padded);

union un_packed {
	char a[5];
	u32 b;
} __attribute__((packed));
KEEP_AS(union un_packed, un_packed);

union un_bits {
	u32 low : 5;
	s32 sign : 7;
	u64 all;
};
KEEP_AS(union un_bits, un_bits);

struct un_holder {
	char c;
	union un_mixed m;
	union un_packed p;
	union un_bits b[2];
	union {
		struct {
			u8 lo : 4, hi : 4;
		};
		u8 byte;
	};
	union {
		void *pointer;
		u64 number;
	} both;
};
KEEP(un_holder);
