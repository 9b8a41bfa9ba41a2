/** Millions of numbered events, as fast as one core produces them, through a ring of 256 KiB. */
import assert from "node:assert/strict";
import { WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { soakSize } from "../support/soak.ts";
import { withAttempts } from "../support/timely.ts";

const OBJECT = fromFileUrl("../../dist/bench/measure.bpf.o");
const GUEST = fromFileUrl("../../dist/bench/measure.wasm");
const NATIVE = fromFileUrl("../../.cache/bench/measure");
const PRODUCER = fromFileUrl("../../.cache/bench/producer");

/** Consumer of `total` numbered events; `text` collects its output. */
class Consumer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: Promise<void>;
  text = "";

  constructor(program: string, args: string[]) {
    // libbpf itself needs a mounted tracefs; this uses a separate mount namespace.
    const script = `mount --make-rprivate /sys
      test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
      exec "$@"`;
    this.#child = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, "sh"],
        ...[program, ...args],
      ],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#reader = this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.text += text;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  ready(): Promise<void> {
    return until("the consumer is ready", () => this.text.includes("ready\n"));
  }

  /**
   * Produces events until it has ended: the last one may find the ring full, when it gets no processor
   * during the pause before that. Returns how many.
   */
  async produceToEnd(): Promise<number> {
    let hasEnded = false;
    void this.#child.status.then(() => hasEnded = true);
    for (let more = 0;; more += 2) {
      try {
        await until("the consumer has ended", () => hasEnded, 1000);
        return more;
      } catch {
        await produce(1);
      }
    }
  }

  /** Returns its counts after it has ended. */
  async tally(): Promise<{ received: number; dropped: number; wrong: number }> {
    const { success } = await this.#child.status;
    await this.#reader;
    assert.ok(success);
    const numbers = this.text.slice("ready\n".length).trim().split(" ").map(Number);
    const [received = NaN, dropped = NaN, wrong = NaN] = numbers;
    return { received, dropped, wrong };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#child.status;
    await this.#reader;
  }
}

function startGuest(total: number): Consumer {
  return new Consumer(WASM_BPF, [GUEST, "numbered", String(total)]);
}

/** Produces `count` events on one core, and one more after a pause. */
async function produce(count: number): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["1", PRODUCER, "events", String(count)],
    stdin: "null",
  }).output();
  assert.ok(success);
}

Deno.test("every event that the kernel did not drop arrives in order", async (t) => {
  const total = soakSize({ short: 1_000_000, whole: 20_000_000 });
  const sides = {
    native: () => new Consumer(NATIVE, [OBJECT, "numbered", String(total)]),
    guest: () => startGuest(total),
  };
  for (const [side, start] of Object.entries(sides)) {
    await t.step(side, async () => {
      let received = 0, dropped = 0;
      // A consumer that gets no processor meanwhile receives what the ring holds.
      await withAttempts(async () => {
        await using consumer = start();
        await consumer.ready();
        await produce(total);
        const more = await consumer.produceToEnd();
        const tally = await consumer.tally();
        ({ received, dropped } = tally);
        const tried = received + dropped;
        // Not assertions, which another attempt could make good.
        if (tally.wrong !== 0) throw new Error(`${tally.wrong} events are wrong`);
        if (tried <= total || tried > total + 1 + more) {
          throw new Error(`${received} and ${dropped} of ${total + 1} to ${total + 1 + more}`);
        }
        assert.ok(received > total / 100, `only ${received} of ${total} arrived`);
      });
      const text = `${side}: ${total} events produced, ${received} received, ${dropped} dropped\n`;
      await Deno.stdout.write(new TextEncoder().encode(text));
    });
  }
});

const SLACK_KIB = 8 * 1024;

/** Memory of the process's own: the program's pages come and go. */
async function ownKilobytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]);
}

Deno.test("memory use does not grow over many millions of events", async () => {
  const first = 1_000_000;
  const rest = soakSize({ short: 2_000_000, whole: 49_000_000 });
  // Expects one more than ever arrives, so that it stays alive.
  await using consumer = startGuest(first + rest + 2);
  await consumer.ready();
  await produce(first);
  const before = await ownKilobytes(consumer.pid);
  await produce(rest);
  const after = await ownKilobytes(consumer.pid);
  assert.ok(before > 10_000);
  // V8 compiles on: 2 MiB of its own, and no byte of any event.
  assert.ok(after <= before + SLACK_KIB, `${before} KiB before, ${after} KiB after`);
  const text = `own memory: ${before} KiB after ${first} events, ${after} KiB after ${rest} more\n`;
  await Deno.stdout.write(new TextEncoder().encode(text));
});
