/** Guests in Rust, and the crate of the SDK, with Debian's compiler. */
import { resolve } from "node:path";
import { programState, run } from "../lib/process.ts";
import { fileState, filesUnder, replaceFile, runStep } from "../lib/step.ts";

/** The one that comes with a standard library for WASI; the oldest that the crate is for. */
const RUSTC = "/usr/bin/rustc";
const STANDARD_LIBRARY = "/usr/lib/rustlib/wasm32-wasi/lib";

const CRATE = "sdk/rust/src";
const CRATE_LIBRARY = ".cache/rust/libwasm_bpf.rlib";

const OPTIONS = [
  ...["--edition", "2021", "--target", "wasm32-wasi", "-D", "warnings"],
  ...["-C", "panic=abort"],
];

/** Options for the smallest module. */
export const SMALLEST = ["-C", "opt-level=z", "-C", "lto=fat", "-C", "codegen-units=1"];

/**
 * Reports whether Rust can be compiled here. Without Debian's packages, its guests are left out.
 */
export function hasRust(): boolean {
  return [RUSTC, STANDARD_LIBRARY].every((path) => fileState(path) !== undefined);
}

/** A module to be made of one Rust source. */
export interface RustGuest {
  readonly source: string;
  /** Folder of eBPF objects, which the source finds by `env!("OBJECTS")`. */
  readonly objects: string;
  readonly output: string;
  /** Optimization and further options. */
  readonly options: readonly string[];
}

/** Builds a guest; it may use the crate `wasm_bpf`. */
export async function buildRustGuest(guest: RustGuest): Promise<void> {
  const { source, objects, output, options } = guest;
  await buildCrate();
  await runStep({
    name: source,
    inputs: [source, CRATE_LIBRARY, ...filesUnder(objects), "build/steps/rust.ts"],
    key: [programState("rustc"), options],
    outputs: [output],
    make: () =>
      replaceFile(output, async (path) => {
        const crate = ["--extern", `wasm_bpf=${CRATE_LIBRARY}`, "-C", "strip=symbols"];
        await run(RUSTC, [...OPTIONS, ...options, ...crate, source, "-o", path], {
          env: { OBJECTS: resolve(objects) },
        });
      }),
  });
}

async function buildCrate(): Promise<void> {
  await runStep({
    name: "sdk/rust",
    inputs: [CRATE, "build/steps/rust.ts"],
    key: programState("rustc"),
    outputs: [CRATE_LIBRARY],
    make: () =>
      replaceFile(CRATE_LIBRARY, async (path) => {
        const crate = ["--crate-type", "rlib", "--crate-name", "wasm_bpf", "-C", "opt-level=z"];
        await run(RUSTC, [...OPTIONS, ...crate, `${CRATE}/lib.rs`, "-o", path]);
      }),
  });
}
