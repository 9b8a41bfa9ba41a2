/* SPDX-License-Identifier: MIT */
#include "corpus.h"

struct ne_point {
	short x;
	int y;
};
KEEP(ne_point);

struct ne_anonymous {
	char kind;
	struct {
		int a;
		struct {
			char b;
			long c;
		};
	};
	union {
		u32 v4;
		u8 v6[16];
		struct {
			u16 port, padding;
			u64 address;
		};
	};
	char tail;
};
KEEP(ne_anonymous);

struct ne_named {
	struct {
		char a;
		int b;
	} first;
	char gap;
	union {
		float f;
		int i;
		struct {
			char c[3];
			short s;
		} parts;
	} second;
	struct {
		u8 x;
	} third[3];
	struct ne_point point, points[2];
};
KEEP(ne_named);

struct ne_deep {
	struct {
		struct {
			struct {
				struct {
					struct {
						u64 bottom;
						char c;
					} e;
				} d;
			} c;
		} b[2];
	} a;
	struct ne_named named;
};
KEEP(ne_deep);

struct ne_same {
	struct {
		int x, y;
	} one;
	struct {
		int x, y;
	} two;
};
KEEP(ne_same);
