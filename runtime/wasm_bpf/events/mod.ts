/** Events on their way from the kernel to a guest. */
import { type BpfMap, errno, EventBuffer } from "../../../ffi/mod.ts";
import { MapType } from "../../../ebpf/mod.ts";
import type { EventChannel, PollContext } from "./event_channel.ts";
import { RingChannel } from "./ring_channel.ts";
import { StagedChannel } from "./staged_channel.ts";

/** Opens a map's buffer: -EINVAL when it is neither a ring buffer nor a perf event array. */
export function openChannel(map: BpfMap, context: PollContext): EventChannel | number {
  const buffer = EventBuffer.open(map, context.interrupt);
  if (typeof buffer === "number") return buffer;
  buffer.setLatency(context.latencyMs);
  let channel: EventChannel | undefined;
  try {
    channel = (map.type === MapType.RingBuffer ? RingChannel.open(buffer, context) : undefined) ??
      StagedChannel.open(buffer, context);
  } catch (error) {
    // No addresses are left for the memory of the stage.
    if (!(error instanceof RangeError)) throw error;
  } finally {
    if (channel === undefined) buffer.close();
  }
  return channel ?? -errno("ENOMEM");
}
