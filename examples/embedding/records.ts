// deno-lint-ignore-file no-console
import { compileGuest, HostFunctionError, KeptRecords, runGuest, spawn } from "../../mod.ts";

const path = "dist/examples/bootstrap/bootstrap.wasm";
const guest = compileGuest(await Deno.readFile(path), "bootstrap");

/** Members of the guest's records. */
interface Process {
  pid: number;
  comm: string;
  filename: string;
}

await using tracer = spawn(guest, { records: true });
const processes = tracer.records<Process>("processes");
// Until it is attached, processes come and go unseen.
const timer = setInterval(() => new Deno.Command("true").outputSync(), 50);
for await (const { comm, filename } of processes) {
  if (comm !== "true") continue;
  console.log(filename.endsWith("/true"));
  break;
}
clearInterval(timer);
tracer.interrupt();
console.log(await tracer.exited);
const [{ name, kind, dropped } = { name: "", kind: "", dropped: 0 }] = tracer.sources;
console.log(name, kind, dropped >= 0);

// On the calling thread, functions get the records while the guest runs; one that throws ends it.
const sleeper = new Deno.Command("sh", { args: ["-c", "while sleep 0.1; do :; done"] }).spawn();
const records = new KeptRecords();
records.each<Process>("processes", ({ comm }) => {
  if (comm === "sleep") throw new Error("seen");
});
try {
  runGuest(guest, { records });
} catch (error) {
  if (!(error instanceof HostFunctionError)) throw error;
  console.log(error.cause instanceof Error && error.cause.message);
}
sleeper.kill();
await sleeper.status;
