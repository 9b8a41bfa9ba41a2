/** eBPF for guests: objects, programs, maps and buffers behind the `wasm_bpf` imports. */
export { BpfError } from "./errors.ts";
export { type ChannelStats } from "./event_channel.ts";
export { BpfHost, type BpfHostOptions, type CallbackExports } from "./host.ts";
