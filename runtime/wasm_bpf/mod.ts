/** eBPF for guests: objects, programs, maps and buffers of the `wasm_bpf` imports. */
export { BpfError } from "../../ebpf/mod.ts";
export { type ChannelStats } from "./events/event_channel.ts";
export { type CallbackExports } from "./events/callbacks.ts";
export { type BpfContext, type BpfHostOptions } from "./context.ts";
export { extensionImports } from "./ext/mod.ts";
export { BpfHost } from "./host.ts";
export { type BufferTotals, type ProgramTotals, type Totals } from "./totals.ts";
