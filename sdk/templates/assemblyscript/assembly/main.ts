/** The guest half: loads the eBPF half and prints its events until Ctrl-C. */
import { object, object_size } from "./objects";
import { Event } from "./types";
import { BpfObject, exit, print } from "./wasm-bpf";

function run(): i32 {
  // The host explains failures on standard error.
  const bpf = BpfObject.load(object, object_size);
  if (bpf == null) return 1;
  const events = bpf.buffer("events");
  if (events == null || bpf.attach("on_exec") < 0) return 1;

  print("PID     UID     COMM\n");
  // Ends with EINTR: Ctrl-C, or the time is over.
  while (events.poll(100) >= 0) {
    while (events.next()) {
      const event = Event.at(events.data);
      print(event.pid.toString().padEnd(8) + event.uid.toString().padEnd(8) + event.comm_text + "\n");
    }
  }
  return 0;
}

const code = run();
if (code) exit(code);
