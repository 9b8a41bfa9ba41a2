/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#if __has_attribute(btf_type_tag)
#define TAG __attribute__((btf_type_tag("user")))
#else
#define TAG
#endif
#if __has_attribute(btf_decl_tag)
#define DECLARED __attribute__((btf_decl_tag("a declaration")))
#else
#define DECLARED
#endif

typedef u32 td_one;
typedef td_one td_two;
typedef const td_two td_three;
typedef volatile td_three td_four;

typedef struct {
	td_one a;
	td_four b;
} td_anonymous;
KEEP_AS(td_anonymous, td_anonymous);

typedef union {
	u8 a;
	u64 b;
} td_union;
KEEP_AS(td_union, td_union);

typedef td_anonymous td_again;
typedef struct td_tag td_tag_t;
struct td_tag {
	td_again again;
	const td_again *TAG pointer;
	int TAG *tagged DECLARED;
	td_union u;
} DECLARED;
KEEP_AS(td_tag_t, td_tag);

typedef char td_name[16];
typedef td_name td_names[2];
typedef int (*td_callback)(void *);
struct td_arrays {
	td_name name;
	td_names names;
	td_callback callback;
	td_callback callbacks[2];
	const td_tag_t tag;
};
KEEP(td_arrays);
