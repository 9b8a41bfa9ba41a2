/**
 * wasm-bpf: runs WebAssembly modules that load, attach and talk to eBPF programs in the Linux kernel.
 *
 * @module
 */
import { main } from "./cli/mod.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
