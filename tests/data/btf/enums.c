/* SPDX-License-Identifier: MIT */
#include "corpus.h"

enum en_plain { EN_ZERO, EN_ONE, EN_TEN = 10, EN_TEN_TOO = 10 };
enum en_signed { EN_MINUS = -1, EN_NULL, EN_MANY = 100, EN_LEAST = -32768 };
enum en_large { EN_TOP = 0x7fffffff, EN_MASK = 0x80000000 };
enum en_small { EN_S0, EN_S200 = 200 } __attribute__((packed));
enum en_middle { EN_M0, EN_M300 = 300 } __attribute__((packed));
enum en_wide { EN_W = 0x123456789abcULL, EN_W1 = 1 };
enum en_wide_signed { EN_WS = -0x123456789abcLL, EN_WS1 = 1 };
typedef enum { EN_T0, EN_T1 } en_typedef_t;
typedef enum en_tagged { EN_G0, EN_G1 } en_tagged_t;

struct en_all {
	char c;
	enum en_plain plain;
	enum en_signed sign;
	enum en_large large;
	enum en_small small;
	enum en_middle middle;
	enum en_wide wide;
	enum en_wide_signed wide_signed;
	en_typedef_t typed;
	en_tagged_t tagged;
	enum { EN_INNER = 3, EN_INNER2 } inner;
	enum en_plain many[3];
	enum en_small few[3];
};
KEEP(en_all);
