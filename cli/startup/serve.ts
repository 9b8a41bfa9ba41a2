/** Entry of the process that serves a run's figures; the run's process starts it. */
import { hostClock } from "../../runtime/everything.ts";
import { limitServer } from "../../runtime/command.ts";
import { serveFeed } from "../../service/live.ts";
import { hostNames } from "../records/names.ts";

/** Serves until the feed ends; returns the exit code. */
export async function serve(): Promise<number> {
  return await serveFeed({
    clock: hostClock(),
    resolvers: hostNames,
    loadOtlp: () => import("../../service/otlp/export.ts"),
    limitRights: limitServer,
  });
}
