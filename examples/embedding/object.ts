// deno-lint-ignore-file no-console
import { traceObject } from "../../mod.ts";
// Made by: wasm-bpf gen typescript events.bpf.o
import { type Event, readEvent } from "./events.ts";

const bytes = await Deno.readFile("dist/examples/embedding/events.bpf.o");
await using run = traceObject(bytes, { onWarning: console.error });

// Iterators get what comes from their creation on; each gets all of it.
const events = run.records<Event>("events");
const shown = run.shownRecords("events");
await run.attached;

const child = new Deno.Command("true").spawn();
for await (const { pid, comm, ts } of events) {
  if (pid !== child.pid) continue;
  console.log("started", comm, typeof ts);
  break; // ends this iterator alone
}
for await (const { pid, comm, ts } of shown) {
  if (pid !== child.pid) continue;
  console.log("started", comm, /^\d{4}-\d\d-\d\dT/.test(`${ts}`));
  break;
}
await child.status;

// With the reader, the compiler knows the type.
const signal = AbortSignal.timeout(50);
try {
  for await (const event of run.records("events", { read: readEvent, signal })) {
    console.assert(event.pid > 0);
  }
} catch (error) {
  console.log(error === signal.reason);
}

const wrong = await run.records("event").next().catch(({ code, hint }) => `${code}: ${hint}`);
console.log(wrong);
run.interrupt();
console.log(await run.exited);
