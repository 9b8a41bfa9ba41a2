/* SPDX-License-Identifier: MIT */
#include "corpus.h"

enum bf_kind { BF_A, BF_B, BF_C = 7 };
enum bf_sign { BF_MINUS = -2, BF_ZERO, BF_PLUS = 1 };

struct bf_simple {
	u32 a : 1;
	u32 b : 3;
	u32 c : 28;
	u32 d;
};
KEEP(bf_simple);

struct bf_signed {
	int a : 4;
	int b : 9;
	int c : 19;
	long d : 40;
	s8 e : 3;
	s16 f : 11;
};
KEEP(bf_signed);

struct bf_mixed {
	char head;
	u32 a : 7;
	u8 b : 2;
	u16 c : 10;
	char middle;
	u64 d : 33;
	u64 e : 31;
	_Bool f : 1;
	_Bool g : 1;
	enum bf_kind h : 3;
	enum bf_sign i : 3;
	char tail;
};
KEEP(bf_mixed);

struct bf_gaps {
	u32 a : 3;
	u32 : 5;
	u32 b : 2;
	u32 : 0;
	u32 c : 9;
	u64 : 20;
	u64 d : 7;
	u8 e;
	u32 : 4;
	u32 f : 4;
};
KEEP(bf_gaps);

struct bf_wide {
	u64 a : 64;
	u64 b : 1;
	s64 c : 63;
	u32 d : 32;
	s32 e : 31;
};
KEEP(bf_wide);

struct bf_packed {
	u8 a;
	u32 b : 13;
	u64 c : 47;
	int d : 12;
	u16 e : 5;
	u32 f;
} __attribute__((packed));
KEEP(bf_packed);

struct bf_long {
	u8 a : 5, b : 5, c : 5, d : 5, e : 5, f : 5, g : 5, h : 5, i : 5, j : 5;
	u32 k : 17, l : 17, m : 17, n : 17, o : 17;
};
KEEP(bf_long);

struct bf_inner {
	struct {
		u16 x : 5;
		u16 y : 6;
		u16 z : 5;
	} pixel[3];
	struct {
		u8 p : 2;
		u8 q : 6;
	};
	struct bf_packed packed;
};
KEEP(bf_inner);

struct bf_last {
	u64 a;
	u8 b : 1;
};
KEEP(bf_last);
