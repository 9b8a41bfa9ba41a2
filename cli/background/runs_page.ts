/** `ps --web`: the page of all runs. */
import config from "../../deno.json" with { type: "json" };
import { limitServer } from "../../runtime/command.ts";
import { type RunRow, RunsServer } from "../../service/live.ts";
import { placesOf, type Run, Runs, type Status } from "../../service/mod.ts";
import { webSettings } from "../live/settings.ts";
import { printError } from "../terminal/output.ts";
import { EXIT_INTERRUPTED } from "../terminal/prompt.ts";

/**
 * Serves the page until a signal.
 *
 * @param values of the options for the page
 * @param statusText returns a state in words
 * @returns the exit code
 * @throws {UsageError} for a wrong address; {HostError} for one that cannot be used
 */
export async function serveRuns(
  values: Parameters<typeof webSettings>[1] & { readonly web: string },
  statusText: (status: Status) => string,
): Promise<number> {
  const rowOf = ({ definition, status }: Run): RunRow => ({
    name: status.name,
    status: statusText(status),
    pid: status.process?.pid ?? null,
    restarts: status.restarts,
    started: status.started ?? "",
    module: definition.shown.join(" "),
  });
  const server = new RunsServer({
    runs: new Runs(placesOf()),
    rowOf,
    version: config.version,
    web: webSettings(values.web, values),
  });
  let code = 0;
  const end = (number: number) => () => {
    code = number;
    server.end();
  };
  Deno.addSignalListener("SIGINT", end(EXIT_INTERRUPTED));
  Deno.addSignalListener("SIGTERM", end(0));
  limitServer({ connects: false, readsFiles: true });
  printError(`page: ${server.url}`);
  await server.serve();
  // Pages get the end before the process is gone, and open ones keep the server.
  await new Promise((resolve) => setTimeout(resolve, END_MS));
  return code;
}

/** Milliseconds that open pages have to read the end. */
const END_MS = 200;
