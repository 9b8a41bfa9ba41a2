/* SPDX-License-Identifier: MIT */
/* Names that C allows and the guests' languages want for themselves. */
#include "corpus.h"

struct type {
	int as, async, await, box, class, crate, dyn, fn, func, go, impl, in, let, match, mod, move;
	int mut, package, priv, pub, range, ref, self, super, trait, type, unsafe, use, where,
	    yield;
};
KEEP(type);

struct record {
	int abstract, any, boolean, constructor, debugger, defer, delete, export, extends, final;
	int finally, function, get, implements, import, instanceof, interface, is, keyof, map,
								  namespace;
	int never, new, null, number, object, of, option, own, private, protected, public, readonly;
	int require, resource, result, select, set, stream, string, symbol, this, throw, tuple, try,
	    unique;
	int undefined, unknown, use_, var, variant, with, world, chan, fallthrough, declare,
	    virtual;
};
KEEP(record);

struct Self {
	u32 list, s8_, u8_, flags, future, borrow, include, arguments, eval, __proto__, prototype;
	u32 true_, bits, bytes, text, wide, array, value, view, at, address, SIZE, create, heap,
	    memory;
	u32 from_bytes, as_bytes, clone, Bytes, raw0, errno, offsetof_, char_, f32, f64, i8, isize,
	    usize;
	u8 a : 1, get_bits : 2, set_bits : 3;
};
KEEP(Self);

struct String {
	char c;
};
KEEP(String);

struct Option {
	struct String Some;
	char None;
};
KEEP(Option);

enum Result { Ok, Err, nil, iota, len, string, uint64, byte, error, init };
struct Vec {
	enum Result result;
};
KEEP(Vec);
