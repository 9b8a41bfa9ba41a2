// SPDX-License-Identifier: MIT
/*
 * Lengths of x86-64 instructions, by the opcode maps of Intel's manual (volume 2, appendix A).
 *
 * A probe replaces the first byte of an instruction. Inside one it would rewrite an operand, so its
 * place is decoded from the function's start. An opcode that is not known here ends the decoding:
 * a wrong length would shift each boundary after it.
 */
#include "instruction_length.h"

#include <stdbool.h>

/* Longer instructions are invalid, whatever their prefixes. */
#define MAX_LENGTH 15

/* Bytes that follow an opcode. */
enum form {
	/* Not known. */
	U,
	/* Nothing. */
	N,
	/* ModRM with its SIB and displacement, without and with an immediate of 8 bits. */
	M,
	MB,
	/* ModRM and an immediate of 16 or 32 bits, by the operand's size. */
	MZ,
	/* Immediates alone: 8, 16, 16 and 8 bits; 16 or 32 bits; 16, 32 or 64 bits. */
	B,
	W,
	WB,
	Z,
	V,
	/* A branch's distance, of 32 bits. */
	J,
	/* An address, of 64 or 32 bits. */
	A,
	/* ModRM; an immediate of 8, or 16 or 32 bits only for TEST, which is /0 and /1. */
	TB,
	TZ,
	/* ModRM, of which only /0 (and /1, or all below /7) is an instruction. */
	M0,
	M1,
	M6,
};

/* Prefixes and escapes are taken before these are looked at, and stand as U. */
static const uint8_t one_byte[256] = {
    /* 0 */ M,	M,  M, M,  B, Z, U,  U,	 M,  M,	 M, M,	B, Z, U,  U,
    /* 1 */ M,	M,  M, M,  B, Z, U,  U,	 M,  M,	 M, M,	B, Z, U,  U,
    /* 2 */ M,	M,  M, M,  B, Z, U,  U,	 M,  M,	 M, M,	B, Z, U,  U,
    /* 3 */ M,	M,  M, M,  B, Z, U,  U,	 M,  M,	 M, M,	B, Z, U,  U,
    /* 4 */ U,	U,  U, U,  U, U, U,  U,	 U,  U,	 U, U,	U, U, U,  U,
    /* 5 */ N,	N,  N, N,  N, N, N,  N,	 N,  N,	 N, N,	N, N, N,  N,
    /* 6 */ U,	U,  U, M,  U, U, U,  U,	 Z,  MZ, B, MB, N, N, N,  N,
    /* 7 */ B,	B,  B, B,  B, B, B,  B,	 B,  B,	 B, B,	B, B, B,  B,
    /* 8 */ MB, MZ, U, MB, M, M, M,  M,	 M,  M,	 M, M,	M, M, M,  M0,
    /* 9 */ N,	N,  N, N,  N, N, N,  N,	 N,  N,	 U, N,	N, N, N,  N,
    /* a */ A,	A,  A, A,  N, N, N,  N,	 B,  Z,	 N, N,	N, N, N,  N,
    /* b */ B,	B,  B, B,  B, B, B,  B,	 V,  V,	 V, V,	V, V, V,  V,
    /* c */ MB, MB, W, N,  U, U, MB, MZ, WB, N,	 W, N,	N, B, U,  N,
    /* d */ M,	M,  M, M,  U, U, U,  N,	 M,  M,	 M, M,	M, M, M,  M,
    /* e */ B,	B,  B, B,  B, B, B,  B,	 J,  J,	 U, B,	N, N, N,  N,
    /* f */ U,	N,  U, U,  N, N, TB, TZ, N,  N,	 N, N,	N, N, M1, M6,
};

/* After 0F. Privileged instructions without a usual ModRM are left out. */
static const uint8_t two_bytes[256] = {
    /* 0 */ M,	M,  M,	M,  U,	N,  U,	U, U, U, U,  N, U,  M, U, U,
    /* 1 */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* 2 */ U,	U,  U,	U,  U,	U,  U,	U, M, M, M,  M, M,  M, M, M,
    /* 3 */ U,	N,  U,	N,  U,	U,  U,	U, U, U, U,  U, U,  U, U, U,
    /* 4 */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* 5 */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* 6 */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* 7 */ MB, MB, MB, MB, M,	M,  M,	N, U, U, U,  U, M,  M, M, M,
    /* 8 */ J,	J,  J,	J,  J,	J,  J,	J, J, J, J,  J, J,  J, J, J,
    /* 9 */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* a */ N,	N,  N,	M,  MB, M,  U,	U, N, N, U,  M, MB, M, M, M,
    /* b */ M,	M,  M,	M,  M,	M,  M,	M, M, M, MB, M, M,  M, M, M,
    /* c */ M,	M,  MB, M,  MB, MB, MB, M, N, N, N,  N, N,  N, N, N,
    /* d */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* e */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, M,
    /* f */ M,	M,  M,	M,  M,	M,  M,	M, M, M, M,  M, M,  M, M, U,
};

/* The opcodes of a map that are known, a bit each: sixteen a row. */
typedef uint16_t opcodes[16];

/* After 0F 38: ModRM. */
static const opcodes map_38 = {
    [0x0] = 0x0fff, [0x1] = 0x70b1, [0x2] = 0x0f3f, [0x3] = 0xffbf,
    [0x4] = 0x0003, [0xc] = 0xbf00, [0xd] = 0xf800, [0xf] = 0x0363,
};

/* After 0F 3A: ModRM and an immediate of 8 bits. */
static const opcodes map_3a = {
    [0x0] = 0xff00, [0x1] = 0x00f0, [0x2] = 0x0007, [0x4] = 0x0017,
    [0x6] = 0x000f, [0xc] = 0xd000, [0xd] = 0x8000,
};

/* VEX, by map. In the first, 70 to 73, C2 and C4 to C6 have an immediate; in the third, all. */
static const opcodes vex_1 = {
    [0x1] = 0x00ff, [0x2] = 0xff00, [0x4] = 0x0cf6, [0x5] = 0xffff, [0x6] = 0xffff, [0x7] = 0xf0ff,
    [0x9] = 0x030f, [0xa] = 0x4000, [0xc] = 0x0074, [0xd] = 0xffff, [0xe] = 0xffff, [0xf] = 0x7fff,
};
static const opcodes vex_2 = {
    [0x0] = 0xffff, [0x1] = 0x77c8, [0x2] = 0xff3f, [0x3] = 0xffff, [0x4] = 0x0ae3,
    [0x5] = 0x570f, [0x7] = 0x0304, [0x8] = 0x5000, [0x9] = 0xffcf, [0xa] = 0xffc0,
    [0xb] = 0xfff3, [0xc] = 0x8000, [0xd] = 0xf80c, [0xe] = 0xffff, [0xf] = 0x00ec,
};
static const opcodes vex_3 = {
    [0x0] = 0xff77, [0x1] = 0x23f0, [0x2] = 0x0007, [0x3] = 0x030f, [0x4] = 0x1f57, [0x5] = 0xf000,
    [0x6] = 0xff0f, [0x7] = 0xff00, [0xc] = 0xc000, [0xd] = 0x8000, [0xf] = 0x0001,
};

/* EVEX, by map; immediates as for VEX. Maps 5 and 6 have half-precision numbers, and none. */
static const opcodes evex_1 = {
    [0x1] = 0x00ff, [0x2] = 0xff00, [0x5] = 0xfff2, [0x6] = 0xffff, [0x7] = 0xcf7f,
    [0xc] = 0x0074, [0xd] = 0xfffe, [0xe] = 0xffff, [0xf] = 0x7f7e,
};
static const opcodes evex_2 = {
    [0x0] = 0x3811, [0x1] = 0xff7f, [0x2] = 0x3fff, [0x3] = 0xffff, [0x4] = 0xf0fd,
    [0x5] = 0x0f3f, [0x6] = 0x017c, [0x7] = 0xffef, [0x8] = 0xaf08, [0x9] = 0xffcf,
    [0xa] = 0xffcf, [0xb] = 0xfff0, [0xc] = 0xbdd0, [0xd] = 0xf000,
};
static const opcodes evex_3 = {
    [0x0] = 0x8f3b, [0x1] = 0xeff0, [0x2] = 0x00ef, [0x3] = 0xcf00, [0x4] = 0x001c,
    [0x5] = 0x00f3, [0x6] = 0x00c0, [0x7] = 0x000f, [0xc] = 0xc004,
};
static const opcodes evex_5 = {
    [0x1] = 0x2003, [0x2] = 0xf400, [0x5] = 0xff02, [0x6] = 0x4000, [0x7] = 0x7f00,
};
static const opcodes evex_6 = {
    [0x1] = 0x0008, [0x2] = 0x3000, [0x4] = 0xf000, [0x5] = 0x00c0,
    [0x9] = 0xffc0, [0xa] = 0xffc0, [0xb] = 0xffc0, [0xd] = 0x00c0,
};

/* Position in one instruction, and the prefixes that were read. */
struct reader {
	const uint8_t *code;
	size_t size;
	size_t at;
	/* Prefixes that change lengths. */
	bool operand_size, address_size, wide;
	/* Prefixes that VEX and EVEX do not follow. */
	bool has_prefix;
	bool failed;
};

static uint8_t next(struct reader *in)
{
	if (in->at >= in->size || in->at >= MAX_LENGTH) {
		in->failed = true;
		return 0;
	}
	return in->code[in->at++];
}

static void skip(struct reader *in, size_t count)
{
	while (count--)
		next(in);
}

static bool is_known(const opcodes map, uint8_t opcode)
{
	return map[opcode >> 4] >> (opcode & 15) & 1;
}

/* Reads a ModRM byte and what it asks for. */
static uint8_t read_modrm(struct reader *in)
{
	const uint8_t modrm = next(in);
	const uint8_t mode = modrm >> 6;
	uint8_t base = modrm & 7;

	if (mode == 3)
		return modrm;
	if (base == 4)
		base = next(in) & 7;
	if (mode == 1)
		skip(in, 1);
	else if (mode == 2 || base == 5)
		skip(in, 4);
	return modrm;
}

static bool has_short_operand(const struct reader *in)
{
	return in->operand_size && !in->wide;
}

static void read_test(struct reader *in, size_t immediate)
{
	if ((read_modrm(in) >> 3 & 7) < 2)
		skip(in, immediate);
}

static void read_group(struct reader *in, uint8_t last)
{
	if ((read_modrm(in) >> 3 & 7) > last)
		in->failed = true;
}

static void read_form(struct reader *in, enum form form)
{
	const size_t z = has_short_operand(in) ? 2 : 4;

	switch (form) {
	case U:
		in->failed = true;
		return;
	case N:
		return;
	case M:
		read_modrm(in);
		return;
	case MB:
		read_modrm(in);
		skip(in, 1);
		return;
	case MZ:
		read_modrm(in);
		skip(in, z);
		return;
	case B:
		skip(in, 1);
		return;
	case W:
		skip(in, 2);
		return;
	case WB:
		skip(in, 3);
		return;
	case Z:
		skip(in, z);
		return;
	case V:
		skip(in, in->wide ? 8 : z);
		return;
	case J:
		/* With 66, AMD's processors read a distance of 16 bits and Intel's one of 32. */
		in->failed |= has_short_operand(in);
		skip(in, 4);
		return;
	case A:
		skip(in, in->address_size ? 4 : 8);
		return;
	case TB:
		read_test(in, 1);
		return;
	case TZ:
		read_test(in, z);
		return;
	case M0:
		read_group(in, 0);
		return;
	case M1:
		read_group(in, 1);
		return;
	case M6:
		read_group(in, 6);
		return;
	}
}

/* Reports whether an instruction of VEX's and EVEX's first map ends with an immediate. */
static bool has_immediate(uint8_t opcode)
{
	return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
	       (opcode >= 0xc4 && opcode <= 0xc6);
}

static void read_vector(struct reader *in, const opcodes map, uint8_t number)
{
	const uint8_t opcode = next(in);

	if (!is_known(map, opcode)) {
		in->failed = true;
		return;
	}
	read_modrm(in);
	if (number == 3 || (number == 1 && has_immediate(opcode)))
		skip(in, 1);
}

static void read_vex(struct reader *in, uint8_t number)
{
	static const uint16_t *const maps[] = {NULL, vex_1, vex_2, vex_3};

	if (in->has_prefix || number < 1 || number > 3) {
		in->failed = true;
		return;
	}
	/* VZEROUPPER and VZEROALL are the only ones without a ModRM. */
	if (number == 1 && in->at < in->size && in->code[in->at] == 0x77)
		skip(in, 1);
	else
		read_vector(in, maps[number], number);
}

static void read_evex(struct reader *in)
{
	static const uint16_t *const maps[] = {NULL, evex_1, evex_2, evex_3,
					       NULL, evex_5, evex_6, NULL};
	const uint8_t first = next(in), second = next(in);
	const uint16_t *map = maps[first & 7];

	next(in);
	/* Bits that are not as here are those of newer extensions, with other maps. */
	if (in->has_prefix || first & 8 || !(second & 4) || !map)
		in->failed = true;
	else
		read_vector(in, map, first & 7);
}

static void read_two_bytes(struct reader *in)
{
	const uint8_t opcode = next(in);
	uint8_t third;

	switch (opcode) {
	case 0x38:
		third = next(in);
		in->failed |= !is_known(map_38, third);
		read_modrm(in);
		return;
	case 0x3a:
		third = next(in);
		in->failed |= !is_known(map_3a, third);
		read_modrm(in);
		skip(in, 1);
		return;
	default:
		read_form(in, two_bytes[opcode]);
	}
}

static void read_opcode(struct reader *in, uint8_t opcode)
{
	switch (opcode) {
	case 0x0f:
		read_two_bytes(in);
		return;
	case 0xc4:
		opcode = next(in);
		next(in);
		read_vex(in, opcode & 0x1f);
		return;
	case 0xc5:
		next(in);
		read_vex(in, 1);
		return;
	case 0x62:
		read_evex(in);
		return;
	default:
		read_form(in, one_byte[opcode]);
	}
}

/* Reads the prefixes; the opcode's first byte. REX counts only where the opcode follows it. */
static uint8_t read_prefixes(struct reader *in)
{
	for (;;) {
		const uint8_t byte = next(in);

		switch (byte) {
		case 0x66:
			in->operand_size = in->has_prefix = true;
			break;
		case 0x67:
			in->address_size = true;
			break;
		case 0xf0:
		case 0xf2:
		case 0xf3:
			in->has_prefix = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			break;
		default:
			if ((byte & 0xf0) != 0x40)
				return byte;
			in->wide = byte & 8;
			in->has_prefix = true;
			continue;
		}
		in->wide = false;
		if (in->failed)
			return byte;
	}
}

int shim_instruction_length(const uint8_t *code, size_t size)
{
	struct reader in = {.code = code, .size = size};

	read_opcode(&in, read_prefixes(&in));
	return in.failed ? 0 : (int)in.at;
}
