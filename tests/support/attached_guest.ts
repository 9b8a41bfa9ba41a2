/** Guest that attaches one program and counts its events, or reports why it cannot. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { act, IN_OWN_NETWORK } from "./actor.ts";
import { CliProcess, type CliResult, guestPath, runCli } from "./cli.ts";
import { until } from "./condition.ts";
import { heldBy, untilGone } from "./held.ts";

/** Arguments of the guest, with a time limit. */
export const GUEST = ["--timeout", "120s", guestPath("attach")];

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
kernel.version();

/** Program of an object of `tests/guests/attach`, and its target ("-": a null pointer). */
type Attachment = readonly [program: string, target: string];

/** Firing of attached programs. */
interface Firing {
  attach: Attachment[];
  /** Repeated until the counter has moved. */
  action: (guest: CliProcess) => Promise<void>;
  /** Number of links that must exist; default: one for each program. */
  links?: number;
  /** Runs the guest in a network namespace of its own. */
  ownNetwork?: boolean;
  /** The words before its command. */
  through?: string[];
}

/** Attaches, and checks that the counter moves and that everything is removed at the end. */
export async function fires(object: string, firing: Firing): Promise<void> {
  const args = [...GUEST, object, ...firing.attach.flat()];
  const through = firing.ownNetwork ? IN_OWN_NETWORK : firing.through;
  await using guest = new CliProcess(args, through === undefined ? {} : { through });
  await guest.waitFor(/^attached$/m);
  const held = await heldBy(guest.pid);
  assert.equal(held.link.length, firing.links ?? firing.attach.length);
  await until("the program has run", async () => {
    await firing.action(guest);
    return /^count [1-9]/m.test(guest.stdout);
  });
  guest.kill("SIGINT");
  const { code, stdout, stderr } = await guest.result();
  assert.match(stdout, /^close 0$/m);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  await untilGone(held);
}

/** Attaches one program that must be refused; the guest continues and ends by itself. */
export async function refused(object: string, attachment: Attachment): Promise<CliResult> {
  const result = await runCli([...GUEST, object, ...attachment]);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** Asserts the result and the error of attaching to a target. */
export async function assertRefused(
  object: string,
  attachment: Attachment,
  answer: number,
  words: RegExp,
): Promise<void> {
  const { stdout, stderr } = await refused(object, attachment);
  assert.equal(stdout, `${attachment[0]} ${answer}\nclose 0\n`, stderr);
  assert.match(stderr, /^error: Cannot attach program /);
  assert.match(stderr, words);
}

/* ---- packets: in a separate network namespace, through lo ------------------------------------ */

export const packets = (guest: CliProcess): Promise<void> => act(["packets"], { netns: guest.pid });

/** Calls the probed function of the actor. */
export const call = (): Promise<void> => act(["call"]);
