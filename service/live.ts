/**
 * Runs that are looked at from outside: a process next to the run serves its figures, fed by a pipe.
 *
 * @module
 */
export { type FeedChannel } from "./channel.ts";
export {
  type BufferFigures,
  type ProgramFigures,
  type RunFigures,
  type RunIdentity,
} from "./run_stats.ts";
export { serveFeed, type ServerHost } from "./server.ts";
export {
  isLoopback,
  type Listen,
  type MetricsSettings,
  type OtlpSettings,
  type ServiceSettings,
  type WebSettings,
} from "./settings.ts";
export { type RunRow } from "./web/runs_hub.ts";
export { RunsServer, type RunsServerParts } from "./web/runs_server.ts";
export { type Service, SERVICE_WORD, startService } from "./start.ts";
