// The least that a compiled program does: it says that it runs. bench/startup.ts measures it.
Deno.stdout.writeSync(new Uint8Array([0x0a]));
