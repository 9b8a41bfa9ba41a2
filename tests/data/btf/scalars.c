/* SPDX-License-Identifier: MIT */
/* Every number, in an order that leaves holes. */
#include "corpus.h"

struct sc_integers {
	char c;
	signed char sc;
	unsigned char uc;
	short s;
	unsigned short us;
	char hole;
	int i;
	unsigned int ui;
	char hole2;
	long l;
	unsigned long ul;
	long long ll;
	unsigned long long ull;
	_Bool b;
};
KEEP(sc_integers);

struct sc_floats {
	char c;
	float f;
	char d;
	double g;
	float tail;
};
KEEP(sc_floats);

struct sc_pointers {
	char c;
	void *v;
	const char *const cc;
	struct sc_floats *s;
	struct sc_pointers *restrict self;
	int (*function)(struct sc_floats *, int);
	int (**table)(void);
	int (*array)[3];
	char tail;
};
KEEP(sc_pointers);

struct sc_qualified {
	const int a;
	volatile long b;
	const volatile unsigned short c;
	u64 d;
	const u32 e;
};
KEEP(sc_qualified);

struct sc_one {
	char c;
};
KEEP(sc_one);

struct sc_wide {
	char c;
	__int128 i;
	char d;
	unsigned __int128 u;
};
KEEP(sc_wide);
