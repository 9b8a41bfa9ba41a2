/** Guests in WebAssembly text that load an eBPF object of `dist/tests`. */
import type { GuestModule } from "../../runtime/mod.ts";
import { guest } from "./guests.ts";
import { fromFileUrl } from "./paths.ts";

const IMPORTS = `
  (import "wasm_bpf" "wasm_load_bpf_object" (func $load (param i32 i32) (result i64)))
  (import "wasm_bpf" "wasm_close_bpf_object" (func $close (param i64) (result i32)))
  (import "wasm_bpf" "wasm_bpf_map_fd_by_name" (func $map (param i64 i32) (result i32)))
  (import "wasm_bpf" "wasm_attach_bpf_program" (func $attach (param i64 i32 i32) (result i32)))
  (import "wasm_bpf" "wasm_bpf_buffer_poll"
    (func $events (param i64 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_bpf" "wasm_bpf_map_operate"
    (func $operate (param i32 i32 i32 i32 i32 i64) (result i32)))
  (import "wasm_bpf_ext" "link_attach" (func $link (param i64 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "iter_read" (func $iterate (param i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "map_batch"
    (func $batch (param i32 i32 i32 i32 i32 i32 i32 i64) (result i32)))`;

/** Address of the first text of {@linkcode objectGuest}; the next one follows 64 bytes later. */
export const TEXT = 2048;
const ELF = 4096;

const OBJECTS = fromFileUrl("../../dist/tests");
const ENDING = ".bpf.o";
const kept = new Map<string, Uint8Array<ArrayBuffer>>();

/** Reads an object of `tests/guests/*`. */
export function elfOf(name: string): Uint8Array<ArrayBuffer> {
  const known = kept.get(name);
  return known === undefined
    ? Deno.readFileSync(`${OBJECTS}/${name}${ENDING}`)
    : new Uint8Array(known);
}

/** Reads all objects, for {@linkcode elfOf} in a thread that cannot. */
export function keepObjects(): void {
  for (const { name } of Deno.readDirSync(OBJECTS)) {
    if (!name.endsWith(ENDING)) continue;
    kept.set(name.slice(0, -ENDING.length), Deno.readFileSync(`${OBJECTS}/${name}`));
  }
}

/**
 * Builds a guest that loads an object, puts its handle into `$object`, and runs `body`.
 *
 * @param texts start at {@linkcode TEXT}, 64 bytes apart
 * @param more definitions, before those of the guest
 * @param bytes of the object, if a test has changed them
 */
export function objectGuest(
  name: string,
  body: string,
  { texts = [], more = "", bytes = elfOf(name) }: {
    texts?: readonly string[];
    more?: string;
    bytes?: Uint8Array;
  } = {},
): GuestModule {
  const hex = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const data = texts.map((text, i) => `(data (i32.const ${TEXT + i * 64}) "${text}")`).join("\n");
  return guest(
    `(local $object i64) (local $i i32)
     (local.set $object (call $load (i32.const ${ELF}) (i32.const ${bytes.length})))
     ${body}`,
    `${IMPORTS} ${more} (data (i32.const ${ELF}) "${hex}") ${data}`,
  );
}
