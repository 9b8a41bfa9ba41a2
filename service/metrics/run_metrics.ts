/** Metrics of the run itself. `docs/metrics.md` lists them; their names stay. */
import type { RunFigures, RunIdentity } from "../run_stats.ts";
import type { Family, Registry } from "./registry.ts";

/** Families of the run. */
export class RunMetrics {
  readonly #registry: Registry;
  readonly #records: Family;
  readonly #dropped: Family;
  readonly #overflow: Family;
  readonly #families = new Map<string, Family>();

  constructor(registry: Registry, { name, version, startedMs, restarts }: RunIdentity) {
    this.#registry = registry;
    const own = (
      name: string,
      kind: "counter" | "gauge",
      help: string,
      labels: readonly string[] = [],
    ): Family => {
      const unit = /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1];
      const family = registry.own({
        name: `wasm_bpf_${name}`,
        kind,
        help,
        labels,
        ...(unit === undefined ? {} : { unit }),
      });
      this.#families.set(name, family);
      return family;
    };
    own("run_info", "gauge", "Tool and version; always 1.", ["tool", "version"])
      .series([name, version]).value = 1;
    own("run_start_time_seconds", "gauge", "Start of the run, in seconds since 1970.")
      .series().value = startedMs / 1000;
    own("run_restarts_total", "counter", "Times that a supervisor started the run again.")
      .series().value = restarts;
    this.#records = own("records_total", "counter", "Records shown, by source.", ["source"]);
    this.#dropped = own(
      "feed_dropped_records_total",
      "counter",
      "Records that metrics of fields and the page missed, by source.",
      ["source"],
    );
    own("events_delivered_total", "counter", "Events read from a buffer.", ["map"]);
    own("events_lost_total", "counter", "Events for which a buffer had no room.", ["map"]);
    own("events_truncated_total", "counter", "Events cut to the module's buffer.", ["map"]);
    own("batches_total", "counter", "Times that events were taken from a buffer.", ["map"]);
    const program = ["program", "section"];
    own("program_runs_total", "counter", "Runs of an eBPF program.", program);
    own("program_run_seconds_total", "counter", "Time that an eBPF program ran.", program);
    own("program_missed_runs_total", "counter", "Runs missed: it was running already.", program);
    own("run_waiting_seconds_total", "counter", "Time that the module waited.");
    own("run_running_seconds_total", "counter", "Time that the module computed.");
    own("module_memory_bytes", "gauge", "Linear memory of the module.");
    own("process_resident_bytes", "gauge", "Memory of the run's process in RAM.");
    own("errors_total", "counter", "Errors reported by the run.", ["code"]);
    this.#overflow = own(
      "series_overflow_total",
      "counter",
      'Updates counted under overflow="true", past the limit of series.',
    );
    this.#overflow.series().value = 0;
  }

  /** Sets the number of records of a source. */
  records(source: string, total: number, received: number): void {
    this.#records.series([source]).value = total;
    this.#dropped.series([source]).value = total - received;
  }

  /** Sets what a run reports of itself. */
  stats(figures: RunFigures): void {
    for (const { map, ...buffer } of figures.buffers) {
      this.#set("events_delivered_total", [map], buffer.deliveredEvents);
      this.#set("events_lost_total", [map], buffer.lostEvents);
      this.#set("events_truncated_total", [map], buffer.truncatedEvents);
      this.#set("batches_total", [map], buffer.batches);
    }
    for (const { program, section, ...counts } of figures.programs) {
      const labels = [program, section];
      this.#set("program_runs_total", labels, counts.runs);
      this.#set("program_run_seconds_total", labels, inSeconds(counts.runTimeNs, 1e9));
      this.#set("program_missed_runs_total", labels, counts.missedRuns);
    }
    this.#set("run_waiting_seconds_total", [], inSeconds(figures.waitingMs, 1e3));
    this.#set("run_running_seconds_total", [], inSeconds(figures.runningMs, 1e3));
    this.#set("module_memory_bytes", [], figures.memoryBytes);
    this.#set("process_resident_bytes", [], figures.processRssBytes);
    for (const [code, count] of Object.entries(figures.errors)) {
      this.#set("errors_total", [code], count);
    }
  }

  /** Called before the series are read. */
  refresh(): void {
    this.#overflow.series().value = this.#registry.overflowed;
  }

  #set(name: string, labels: readonly string[], value: number | null | undefined): void {
    if (value === null || value === undefined) return;
    const series = this.#families.get(name)?.series(labels);
    if (series !== undefined) series.value = value;
  }
}

function inSeconds(value: number | null | undefined, parts: number): number | null | undefined {
  return typeof value === "number" ? value / parts : value;
}
