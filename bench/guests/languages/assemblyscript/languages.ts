// SPDX-License-Identifier: MIT
/** Takes events that are in the ring already: ROUNDS times 230,400 of them; nanoseconds an event. */
import { measure, measure_size } from "./objects";
import { args, BpfObject, exit, print, printError, realtimeNs } from "./wasm-bpf";

/** FILL_COUNT of measure.h. */
const FILL_COUNT: u32 = 230400;
const EVENT_BYTES: u32 = 64;

function fail(what: string): void {
  printError(what + "\n");
  exit(1);
}

let seen: u32 = 0;

function count(data: usize, size: u32, cpu: u32): void {
  seen += u32(size == EVENT_BYTES);
}

const rounds = I32.parseInt(args()[1]);
const object = BpfObject.load(measure, measure_size)!;
const order = object.map<u32, u32>("order")!;
const filled = object.buffer("filled")!;
if (object.attach("fill") < 0) fail("attach");
for (let round = 0; round < rounds; round++) {
  if (order.update(0, FILL_COUNT) < 0) fail("order");
  const start = realtimeNs();
  seen = 0;
  while (filled.each(0, count) > 0);
  if (seen != FILL_COUNT) fail(seen.toString() + " events");
  // Hundredths, without floating point.
  const hundredths = (realtimeNs() - start) * 100 / FILL_COUNT;
  print((hundredths / 100).toString() + "." + (hundredths % 100).toString().padStart(2, "0") + "\n");
}
