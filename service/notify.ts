/** Messages to a service manager: sd_notify(3). */
import { supervision } from "../runtime/supervision.ts";

/** Longest time of a timer; a longer one would go off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Manager of this service; does nothing without one. */
export class ServiceManager implements Disposable {
  readonly #socket: string | undefined;
  #timer: number | undefined;

  /**
   * Starts the messages of the watchdog, if the manager wants them.
   *
   * @param env variables of this process
   */
  constructor(env: (name: string) => string | undefined = Deno.env.get) {
    this.#socket = env("NOTIFY_SOCKET") || undefined;
    const watchdogUs = Number(env("WATCHDOG_USEC"));
    const isOurs = [undefined, `${Deno.pid}`].includes(env("WATCHDOG_PID"));
    if (this.#socket === undefined || !(watchdogUs > 0) || !isOurs) return;
    // Twice in the time that the manager waits, as sd_watchdog_enabled(3) recommends.
    const everyMs = Math.min(watchdogUs / 2000, MAX_TIMER_MS);
    this.#timer = setInterval(() => this.#send("WATCHDOG=1"), everyMs);
  }

  /** Reports that everything is started, or that a reload has ended. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  /** Reports the start of a reload. */
  reloading(): void {
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${supervision.monotonicUs()}`);
  }

  /** Reports that the service is about to end. */
  stopping(): void {
    this.#send("STOPPING=1");
  }

  #send(state: string): void {
    if (this.#socket !== undefined) supervision.notify(this.#socket, state);
  }

  /** Ends the messages of the watchdog. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
