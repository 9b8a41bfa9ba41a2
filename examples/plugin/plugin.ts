// deno-lint-ignore-file no-console
/**
 * Draws a guest's measurements: runs the guest in a worker and provides functions in addition to
 * those of wasm-bpf.
 *
 *     deno run -A examples/plugin/plugin.ts [--interval MS] [--count N] [--width COLUMNS]
 */
import { parseArgs } from "node:util";
import { HostError } from "../../ffi/errors.ts";
import { compileGuest, spawn } from "../../runtime/mod.ts";

const USAGE = `Usage: plugin.ts [--interval MS] [--count N] [--width COLUMNS]
Draws what the kernel does: task switches, wakeups, system calls and new processes per second.

  -i, --interval MS    milliseconds between two columns (default: 500)
  -c, --count N        ends after that many columns
  -w, --width COLUMNS  of the chart (default: the terminal's, or 80)
  -h, --help           this text`;

const MODULE = new URL("../../dist/examples/plugin/plugin.wasm", import.meta.url);

/** Runs the guest until it ends or Ctrl-C; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      interval: { type: "string", short: "i", default: "500" },
      count: { type: "string", short: "c", default: `${2 ** 52}` },
      width: { type: "string", short: "w" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const hostModule = new URL("./host.ts", import.meta.url);
  if (values.width !== undefined) hostModule.searchParams.set("width", values.width);
  await using guest = spawn(compileGuest(await Deno.readFile(MODULE), "plugin"), {
    hostModule,
    args: ["plugin", values.interval, values.count],
    onError: say,
  });
  // Interrupts the guest's sleep, which ends it.
  Deno.addSignalListener("SIGINT", () => guest.interrupt());
  const exit = await guest.exited;
  if (exit.kind === "failed") throw exit.error;
  return exit.kind === "exited" ? exit.code : 1;
}

function say(error: HostError): void {
  console.error(`error: ${error.message}`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (error instanceof HostError) say(error);
    else if (error instanceof TypeError) console.error(`error: ${error.message}\n${USAGE}`);
    else throw error;
    Deno.exit(error instanceof HostError ? 1 : 2);
  }
}
