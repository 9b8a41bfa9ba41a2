// Smallest compiled program: prints a line. bench/startup.ts measures it.
Deno.stdout.writeSync(new Uint8Array([0x0a]));
