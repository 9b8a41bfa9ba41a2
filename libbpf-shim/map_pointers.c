// SPDX-License-Identifier: MIT
/*
 * Finds loads through the address of a map.
 *
 * The verifier follows that address: to the map's own structure, from there to its types and its
 * control group, and on to any object of the kernel, by plain loads in a program of any kind. No
 * helper and no type shows it. So the registers are followed that may hold such an address. One
 * that leaves them (to the stack, or as a result) counts as a load: compilers have no reason to.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "permissions.h"

/* Newer than the headers of some build machines. */
#define MODE_LOAD_ACQUIRE 0x100

/*
 * Registers r0 to r9 as bits, in two sets: what holds the address of a map, and what holds that of
 * a map of maps, whose elements are addresses of maps. r10 is the stack.
 */
#define OF_MAPS 10
#define BOTH(bits) ((bits) | (bits) << OF_MAPS)
#define REGISTERS BOTH(0x3ffU)
#define ARGUMENTS BOTH(0x03eU)
#define RESULT BOTH(1U)
#define AFTER_CALL (REGISTERS & ~(ARGUMENTS | RESULT))
/* Of a state: the instruction was reached; it waits. */
#define REACHED (1U << 31)
#define WAITS (1U << 30)

struct walk {
	const struct program_load *load;
	/* By instruction: registers that may hold the address of a map when it starts. */
	uint32_t *states;
	uint32_t *waiting;
	size_t waiting_count;
	/* True if a function may be called back with the address of a map. */
	bool calls_back;
	bool is_found;
};

static uint32_t bit(uint8_t reg)
{
	return reg < OF_MAPS ? 1U << reg : 0;
}

static bool is_of_maps(const struct program_load *load, int32_t fd)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, load->object)
	{
		if (bpf_map__fd(map) == fd)
			return bpf_map__type(map) == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
			       bpf_map__type(map) == BPF_MAP_TYPE_HASH_OF_MAPS;
	}
	return false;
}

static void flow(struct walk *walk, int64_t to, uint32_t held)
{
	uint32_t *state;

	if (to < 0 || to >= (int64_t)walk->load->count)
		return;
	state = &walk->states[to];
	if ((*state | held | REACHED) == *state)
		return;
	*state |= held | REACHED;
	if (*state & WAITS)
		return;
	*state |= WAITS;
	walk->waiting[walk->waiting_count++] = (uint32_t)to;
}

static void load_wide(struct walk *walk, int64_t at, uint32_t held)
{
	const struct bpf_insn *insn = &walk->load->insns[at];
	const uint32_t dst = bit(insn->dst_reg);

	if (at + 1 < (int64_t)walk->load->count)
		walk->states[at + 1] |= REACHED;
	held &= ~BOTH(dst);
	if (insn->src_reg == BPF_PSEUDO_FUNC)
		flow(walk, at + 1 + insn->imm, walk->calls_back ? bit(BPF_REG_1) : 0);
	if (insn->src_reg == BPF_PSEUDO_MAP_FD)
		held |= is_of_maps(walk->load, insn->imm) ? BOTH(dst) : dst;
	flow(walk, at + 2, held);
}

static void compute(struct walk *walk, int64_t at, uint32_t held)
{
	const struct bpf_insn *insn = &walk->load->insns[at];
	const uint32_t dst = bit(insn->dst_reg), src = bit(insn->src_reg);
	const uint8_t operation = BPF_OP(insn->code);
	const bool has_source = BPF_SRC(insn->code) == BPF_X && operation != BPF_END;
	uint32_t more = 0;

	if (has_source && held & src)
		more |= dst;
	if (has_source && held & src << OF_MAPS)
		more |= dst << OF_MAPS;
	if (operation == BPF_MOV)
		held &= ~BOTH(dst);
	flow(walk, at + 1, held | more);
}

static void call(struct walk *walk, int64_t at, uint32_t held)
{
	const struct bpf_insn *insn = &walk->load->insns[at];
	uint32_t after = held & AFTER_CALL;

	if (insn->src_reg == BPF_PSEUDO_CALL)
		flow(walk, at + 1 + insn->imm, held & ARGUMENTS);
	else if (!insn->src_reg && insn->imm == BPF_FUNC_map_lookup_elem &&
		 held & bit(BPF_REG_1) << OF_MAPS)
		after |= bit(BPF_REG_0);
	flow(walk, at + 1, after);
}

static void jump(struct walk *walk, int64_t at, uint32_t held)
{
	const struct bpf_insn *insn = &walk->load->insns[at];

	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		call(walk, at, held);
		break;
	case BPF_EXIT:
		walk->is_found |= (held & bit(BPF_REG_0)) != 0;
		break;
	case BPF_JA:
		/* To an address in a register, by a table that is not looked at. */
		walk->is_found |= BPF_SRC(insn->code) == BPF_X;
		flow(walk, at + 1 + (BPF_CLASS(insn->code) == BPF_JMP32 ? insn->imm : insn->off),
		     held);
		break;
	default:
		flow(walk, at + 1, held);
		flow(walk, at + 1 + insn->off, held);
	}
}

static void step(struct walk *walk, int64_t at)
{
	const struct bpf_insn *insn = &walk->load->insns[at];
	const uint32_t held = walk->states[at] & REGISTERS;
	const bool is_acquire = (insn->code & ~BPF_SIZE(0xff)) == (BPF_STX | BPF_ATOMIC) &&
				insn->imm == MODE_LOAD_ACQUIRE;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			load_wide(walk, at, held);
		else
			flow(walk, at + 1, held & AFTER_CALL);
		break;
	case BPF_LDX:
		walk->is_found |= (held & bit(insn->src_reg)) != 0;
		flow(walk, at + 1, held & ~BOTH(bit(insn->dst_reg)));
		break;
	case BPF_ST:
	case BPF_STX:
		walk->is_found |= (held & bit(insn->dst_reg)) != 0 && !is_acquire;
		walk->is_found |= BPF_CLASS(insn->code) == BPF_STX && held & bit(insn->src_reg);
		flow(walk, at + 1, held);
		break;
	case BPF_ALU:
	case BPF_ALU64:
		compute(walk, at, held);
		break;
	default:
		jump(walk, at, held);
	}
}

static void run(struct walk *walk)
{
	while (walk->waiting_count && !walk->is_found) {
		const uint32_t at = walk->waiting[--walk->waiting_count];

		walk->states[at] &= ~WAITS;
		step(walk, at);
	}
}

/* Helpers and kernel functions that call back with a map: elements, timers, work queues. */
static bool may_call_back(const struct program_load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		const struct bpf_insn *insn = &load->insns[i];

		if (insn->code == (BPF_JMP | BPF_CALL) &&
		    (insn->src_reg == BPF_PSEUDO_KFUNC_CALL ||
		     (!insn->src_reg && (insn->imm == BPF_FUNC_for_each_map_elem ||
					 insn->imm == BPF_FUNC_timer_set_callback))))
			return true;
	}
	return false;
}

bool map_pointers_are_followed(const struct program_load *load)
{
	struct walk walk = {
	    .load = load,
	    .states = calloc(load->count + 1, sizeof(*walk.states)),
	    .waiting = calloc(load->count + 1, sizeof(*walk.waiting)),
	    .calls_back = may_call_back(load),
	};

	/* Without memory nothing is known. */
	walk.is_found = !walk.states || !walk.waiting;
	/* From the start, and from what nothing jumps to, such as an exception's callback. */
	for (size_t i = 0; i < load->count && !walk.is_found; i++) {
		if (walk.states[i] & REACHED)
			continue;
		flow(&walk, (int64_t)i, 0);
		run(&walk);
	}
	free(walk.states);
	free(walk.waiting);
	return walk.is_found;
}
