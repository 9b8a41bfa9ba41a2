import { call } from "./libc.ts";

/** File in memory only (memfd_create(2)), open in this process until it is disposed. */
export class MemoryFile implements Disposable {
  readonly fd: number;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.fd = call("memfd_create", "wasm-bpf-test", 0);
    if (this.fd < 0) throw new Error(`memfd_create: ${this.fd}`);
    Deno.writeFileSync(`/proc/self/fd/${this.fd}`, bytes);
  }

  [Symbol.dispose](): void {
    call("close", this.fd);
  }
}
