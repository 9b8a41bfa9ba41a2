/** Runs a consumer of numbered events and, once it is ready, the producer on a core of its own. */
import { measured, type Side } from "./measured.ts";

const PRODUCER = ".cache/bench/producer";

/** A consumer that is ready, and goes on consuming. */
export interface NumberedConsumer {
  readonly pid: number;
  /** Returns its output after it was ready, once it has ended. */
  result(): Promise<string>;
  /** Ends it before its time. */
  end(): Promise<void>;
}

/**
 * Starts one side with `args`, and waits until it is ready.
 *
 * @throws {Error} when it ends before
 */
export async function startConsumer(side: Side, args: string[]): Promise<NumberedConsumer> {
  const [program, words] = measured(side, ...args);
  const consumer = new Deno.Command(program, { args: words, stdin: "null", stdout: "piped" })
    .spawn();
  const output = consumer.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("ready\n")) {
    const { value, done } = await output.read();
    if (done) throw new Error(`${side} ${args.join(" ")} ended before it was ready`);
    text += value;
  }
  return {
    pid: consumer.pid,
    async result() {
      for (let more = await output.read(); !more.done; more = await output.read()) {
        text += more.value;
      }
      if (!(await consumer.status).success) throw new Error(`${side} ${args.join(" ")} failed`);
      return text.slice(text.indexOf("ready\n") + "ready\n".length).trim();
    },
    async end() {
      consumer.kill("SIGKILL");
      await output.cancel();
      await consumer.status;
    },
  };
}

/**
 * Makes the producer's work on one core.
 *
 * @throws {Error} when it fails
 */
export async function produce(work: ["events" | "calls", number]): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["1", PRODUCER, work[0], String(work[1])],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${PRODUCER} ${work.join(" ")} failed`);
}

/**
 * Starts one side with `args`, lets the producer make the events of `work`, and waits for both.
 *
 * @returns the consumer's output after it was ready
 * @throws {Error} if either fails
 */
export async function consumeNumbered(
  side: Side,
  args: string[],
  work: ["events" | "calls", number],
): Promise<string> {
  const consumer = await startConsumer(side, args);
  await produce(work);
  return await consumer.result();
}
