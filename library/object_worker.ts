/** The inside of a worker that runs one plain object; `object.ts` is the outside. */
import { runEmbedded } from "../cli/object/embedded.ts";
import { Interrupt, prepareFiles, prepareTracing, settleShim, signals } from "../ffi/mod.ts";
import { MAX_PENDING_BYTES, MESSAGE_BYTES, toData } from "../runtime/worker_messages.ts";
import { BatchTaker } from "./batch_taker.ts";
import { ControlWord, type ObjectJob, type ObjectMessage } from "./object_messages.ts";

/** Members of a worker's global scope that TypeScript's DOM library lacks. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ObjectJob>) => void;
  postMessage(message: ObjectMessage, transfer?: Transferable[]): void;
};

/** Time of one wait for the parent before checking whether the run is over. */
const ROOM_WAIT_MS = 20;

async function run({ bytes, options, interrupt: shared, control }: ObjectJob): Promise<void> {
  prepareFiles();
  prepareTracing();
  settleShim();
  if (Atomics.compareExchange(control, ControlWord.Claim, 0, 1) !== 0) return;
  signals.blockFileSize();
  using interrupt = Interrupt.adopt(shared);
  const taker = new BatchTaker((message, size) => {
    const room = waitForRoom(control, size + MESSAGE_BYTES);
    const transfer = message.type === "batch" ? [message.bytes.buffer] : [];
    scope.postMessage({ type: "records", message, room }, transfer);
  });
  await runEmbedded(bytes, options, {
    ...{ taker, interrupt },
    warn: (text) => scope.postMessage({ type: "warning", text }),
    onAttached: (sources) => scope.postMessage({ type: "attached", sources }),
  });
}

/** Waits for iterators that are slower than the kernel, whose buffers fill up meanwhile. */
function waitForRoom(control: Int32Array<SharedArrayBuffer>, bytes: number): number {
  for (;;) {
    const pending = Atomics.load(control, ControlWord.PendingBytes);
    if (pending < MAX_PENDING_BYTES || Atomics.load(control, ControlWord.IsStopped) !== 0) break;
    Atomics.wait(control, ControlWord.PendingBytes, pending, ROOM_WAIT_MS);
  }
  Atomics.add(control, ControlWord.PendingBytes, bytes);
  return bytes;
}

scope.onmessage = async ({ data }) => {
  try {
    await run(data);
    scope.postMessage({ type: "exited" });
  } catch (error) {
    scope.postMessage({ type: "failed", error: toData(error) });
  }
};
