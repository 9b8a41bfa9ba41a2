/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct ar_element {
	char c;
	short s;
};
KEEP(ar_element);

struct ar_dimensions {
	char text[16];
	u8 bytes[7];
	int matrix[2][3];
	u64 cube[2][2][2];
	char names[3][5];
	_Bool flags[4];
	float floats[3];
	double doubles[2];
	s8 small[3];
	void *pointers[2];
	struct ar_element elements[2][2];
	int one[1];
};
KEEP(ar_dimensions);

struct ar_flexible {
	u32 length;
	char data[];
};
KEEP(ar_flexible);

struct ar_flexible_wide {
	u16 length;
	struct ar_element elements[];
};
KEEP(ar_flexible_wide);

struct ar_zero {
	u32 before;
	u64 none[0];
	u32 after;
	char end[0];
};
KEEP(ar_zero);

struct ar_matrix_tail {
	u8 n;
	u32 rows[][4];
};
KEEP(ar_matrix_tail);

typedef int ar_vector[4];
struct ar_typedef {
	char c;
	ar_vector v;
	ar_vector list[2];
	const ar_vector *pointer;
};
KEEP(ar_typedef);

struct ar_large {
	u8 page[1000];
	u16 more[100];
	u32 n;
};
KEEP(ar_large);
