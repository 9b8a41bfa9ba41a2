/**
 * What does an event cost that waits in the ring buffer?
 *
 * 230,400 events of 64 bytes, already there; nanoseconds an event until the guest has seen each,
 * beside native libbpf's consume of the same ring. Exit code 1 when a bound is missed.
 */
import { compare } from "./measured.ts";

const ROUNDS = { pairs: 7, rounds: 16 };
const CALLBACK_MAX_NS = 25;
const CALLBACK_MAX_RATIO = 6;
const READ_MAX_NS = 15;

async function main(): Promise<number> {
  const callback = await compare({ native: "consume", guest: "consume" }, ROUNDS);
  const read = await compare({ native: "consume", guest: "read" }, ROUNDS);
  const lines = [
    `ring buffer, ns for one event of 64 bytes: median of ${ROUNDS.pairs} pairs of runs`,
    `  native libbpf, callback          ${callback.native.toFixed(1)}`,
    `  wasm-bpf, callback               ${callback.guest.toFixed(1)}   at most ${CALLBACK_MAX_NS}`,
    `  wasm-bpf / native                ${
      callback.ratio.toFixed(1)
    }   at most ${CALLBACK_MAX_RATIO}`,
    `  wasm-bpf, buffer_read            ${read.guest.toFixed(1)}   at most ${READ_MAX_NS}`,
    `  wasm-bpf / native                ${read.ratio.toFixed(1)}`,
  ];
  await Deno.stdout.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
  const met = callback.guest <= CALLBACK_MAX_NS && callback.ratio <= CALLBACK_MAX_RATIO &&
    read.guest <= READ_MAX_NS;
  return met ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
