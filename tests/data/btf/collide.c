/* SPDX-License-Identifier: MIT */
/* Names that are one when written another way. */
#include "corpus.h"

struct co_event {
	int foo_bar, fooBar, FooBar, foo__bar, _foo_bar, foo_bar_;
	int x1_2, x12, x_1_2;
	u8 flag : 1, Flag : 1, set_flag : 1, SetFlag : 1;
	u32 _pad, _pad0, pad;
	char set;
	u64 bits_at_24, anon1, anon2;
	union {
		int u_a;
		char u_b;
	};
	union {
		int u_c;
		char u_d[3];
	};
};
KEEP(co_event);

struct co_Event {
	int a;
};
KEEP(co_Event);

struct CoEvent {
	char a;
};
KEEP(CoEvent);

struct Co_event {
	short a;
};
KEEP(Co_event);

typedef struct {
	long a;
} CO_event;
KEEP_AS(CO_event, CO_event);

/* A type of the name that an anonymous one would get. */
struct co_outer_inner {
	u8 a;
};
KEEP(co_outer_inner);

struct co_outer {
	struct {
		u64 b;
	} inner;
};
KEEP(co_outer);

/* Each a tag, a typedef and a member. */
typedef struct co_same {
	int co_same;
} co_same;
KEEP_AS(co_same, co_same);

enum co_names { CO_EVENT, co_EVENT, Co_Names, co_x };
struct co_enum {
	enum co_names co_names;
	char elements[2], elements_at, set_elements_at, elements_text;
};
KEEP(co_enum);
