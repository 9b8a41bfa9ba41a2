/** Providers of imports that wasm-bpf lacks: for the error that names the import. */

/** Import modules of other hosts and tool chains, and what to do about them. */
const PROVIDERS: readonly (readonly [RegExp, string])[] = [
  [
    /^wasm_bpf_ext$/,
    "it is none of wasm-bpf's extensions as of this version: use a newer wasm-bpf",
  ],
  [/^wasm_bpf$/, "it is not part of the wasm_bpf interface: check the spelling"],
  [
    /^wasi_snapshot_preview1$/,
    "it is not part of WASI preview 1: WasmEdge and WasmCloud add functions of their own",
  ],
  [/^wasi_unstable$/, "it is not part of WASI's snapshot 0: check the spelling"],
  [/^wasi:/, "it is WASI 0.2: build the guest as a core module for wasm32-wasip1"],
  [/^wasi$/, "it is wasi-threads: build the guest without threads"],
  [
    /^wasi_(ephemeral_)?nn|^wasi_nn/,
    "it is wasi-nn, a machine-learning interface of other runtimes",
  ],
  [/^(go|gojs)$/, "it is Go's browser target: build with GOOS=wasip1 GOARCH=wasm"],
  [/^(wbg|__wbindgen.*)$/, "it is wasm-bindgen's: build for wasm32-wasip1 without wasm-bindgen"],
  [/^(a|asyncify)$/, "it is Emscripten's JavaScript glue: build with wasi-sdk or clang instead"],
  [
    /^env$/,
    "a function that the guest declares but no library defines, unless Emscripten or AssemblyScript " +
    "made the module: link without --allow-undefined to see who calls it",
  ],
];

/** Returns a likely provider of an import as one clause, or `undefined` for unknown modules. */
export function whoProvides(module: string): string | undefined {
  return PROVIDERS.find(([pattern]) => pattern.test(module))?.[1];
}
