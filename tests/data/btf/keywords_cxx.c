// SPDX-License-Identifier: MIT
/* Names that C takes and C++ does not, or takes for something else. */
#include "corpus.h"

typedef struct {
	int a;
} kx_inner;

typedef enum { KX_ONE, KX_MANY = 1000 } kx_kind;

/* Members with their types' names. */
struct kx_record {
	kx_inner kx_inner;
	kx_kind kx_kind;
	int class;
	struct {
		int new;
		union {
			int this;
			char delete[3];
		};
	};
	enum kx_flags { KX_OFF, KX_ON } flag : 1;
	unsigned int rest : 7;
	int tail[];
};

/* A typedef and a struct of one name, which are two types. */
typedef struct kx_record kx_other;
struct kx_other {
	int q;
};
struct kx_keep {
	struct kx_other other;
	kx_kind kinds[2];
};

struct kx_record *kx_record;
struct kx_keep *kx_keep;
kx_other *kx_alias;
