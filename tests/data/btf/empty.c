/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct em_nothing {
};
KEEP(em_nothing);

union em_no_case {
};
KEEP_AS(union em_no_case, em_no_case);

struct em_nothings {
	struct em_nothing a, b[3];
	union em_no_case c;
};
KEEP(em_nothings);

struct em_between {
	u32 a;
	struct em_nothing nothing;
	struct {
	} anonymous;
	u32 b;
	struct em_nothing end;
};
KEEP(em_between);

struct em_only_flexible {
	struct em_nothing first;
	u16 list[];
};
KEEP(em_only_flexible);

struct em_holder {
	u8 before;
	struct em_nothings nothings;
	u64 after;
};
KEEP(em_holder);

struct em_aligned {
} __attribute__((aligned(8)));
struct em_shifted {
	u8 a;
	struct em_aligned shift;
	u8 b;
};
KEEP(em_shifted);

struct em_bits_only {
	u32 : 12;
	u16 : 3;
};
KEEP(em_bits_only);
