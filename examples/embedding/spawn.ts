// deno-lint-ignore-file no-console
import { compileGuest, spawn } from "../../runtime/mod.ts";

const path = "dist/examples/bootstrap/bootstrap.wasm";
const guest = compileGuest(await Deno.readFile(path), "bootstrap");
const seen = Promise.withResolvers<void>();
const decoder = new TextDecoder();
let printed = "";

await using tracer = spawn(guest, {
  countPrograms: true,
  stdio: {
    stdout: (bytes) => {
      printed += decoder.decode(bytes);
      if (/ EXEC +true /.test(printed) && / EXIT +true /.test(printed)) seen.resolve();
    },
  },
});
// Until both programs are attached, processes come and go unseen.
const timer = setInterval(() => new Deno.Command("true").outputSync(), 50);
await seen.promise;
clearInterval(timer);

const { programs, buffers } = await tracer.stats();
console.log(programs.map(({ program, runs }) => `${program} ran: ${(runs ?? 0) > 0}`).join(", "));
console.log(`lost: ${buffers[0]?.lostEvents}`);

tracer.pause(); // its events wait in the kernel
tracer.resume();
tracer.interrupt(); // what the first Ctrl-C is to the command
console.log(await tracer.exited);
