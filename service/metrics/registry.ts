/** Families of metrics with their series; the number of series is bounded. */
import { labelNames, labelValue } from "./names.ts";

/** Kind of a family. */
export type FamilyKind = "counter" | "gauge" | "histogram";

/** Upper bounds of a histogram's buckets with the number of values in each, not cumulated. */
export type Buckets = Map<number, number>;

/** One series. */
export interface Series {
  /** Values of the family's labels; undefined for the series of all that found no place. */
  readonly labels: readonly string[] | undefined;
  value: number;
  /** Histograms only. */
  buckets: Buckets;
  /** Sum of a histogram's values; undefined where it is not known. */
  sum: number | undefined;
  /** Interval that last set it. */
  generation: number;
}

/** Description of a family. */
export interface FamilySpec {
  readonly name: string;
  readonly kind: FamilyKind;
  readonly help: string;
  /** Names of labels, as the source has them. */
  readonly labels?: readonly string[];
  /** Base unit, a suffix of the name. */
  readonly unit?: string;
  /** True if its series do not count towards the limit: their number is bounded elsewhere. */
  readonly isOwn?: boolean;
}

/** Metric with its series. */
export class Family {
  readonly spec: FamilySpec;
  readonly labels: readonly string[];
  readonly #registry: Registry;
  readonly #series = new Map<string, Series>();
  #overflow: Series | undefined;
  #generation = 0;

  /** @internal Made by {@linkcode Registry.family}. */
  constructor(spec: FamilySpec, registry: Registry) {
    this.spec = spec;
    this.labels = labelNames(spec.labels ?? []);
    this.#registry = registry;
  }

  /** Returns the series of label values, or that of all others past the limit. */
  series(values: readonly string[] = []): Series {
    const labels = values.map(labelValue);
    // A lone surrogate, which no value has.
    const key = labels.join("\ud800");
    const known = this.#series.get(key);
    if (known !== undefined) {
      known.generation = this.#generation;
      return known;
    }
    if (this.spec.isOwn !== true && !this.#registry.takePlace()) {
      this.#registry.overflowed += 1;
      this.#overflow ??= newSeries(undefined, this.#generation);
      this.#overflow.generation = this.#generation;
      return this.#overflow;
    }
    const made = newSeries(labels, this.#generation);
    this.#series.set(key, made);
    return made;
  }

  /** Starts an interval whose series replace those before. */
  begin(): void {
    this.#generation += 1;
    if (this.#overflow !== undefined) {
      this.#overflow.value = 0;
      this.#overflow.buckets.clear();
    }
  }

  /** Ends the interval: series that it did not set are gone. */
  end(): void {
    for (const [key, series] of this.#series) {
      if (series.generation === this.#generation) continue;
      this.#series.delete(key);
      if (this.spec.isOwn !== true) this.#registry.returnPlace();
    }
    if (this.#overflow?.generation !== this.#generation) this.#overflow = undefined;
  }

  /** All series, the one of all others last. */
  *all(): Generator<Series> {
    yield* this.#series.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }
}

function newSeries(labels: readonly string[] | undefined, generation: number): Series {
  return { labels, value: 0, buckets: new Map(), sum: undefined, generation };
}

/** Returns a name without the suffix of counters. */
function title(name: string): string {
  return name.replace(/_total$/, "");
}

/** Most families: an object has a few dozen fields, hostile BTF has thousands. */
const MAX_FAMILIES = 512;

/** All families. */
export class Registry {
  readonly #families = new Map<string, Family>();
  readonly #maxSeries: number;
  #places = 0;
  /** Updates that went to a series of all others. */
  overflowed = 0;

  /** @param maxSeries limit of the series that records make */
  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  /**
   * Adds a family; undefined beyond the limit. Another with its name gets a number, and so does a gauge
   * with the name of a counter: OpenMetrics leaves out the suffix of counters.
   */
  family(spec: FamilySpec): Family | undefined {
    if (this.#families.size >= MAX_FAMILIES) return undefined;
    let { name } = spec;
    for (let i = 2; this.#families.has(title(name)); i++) {
      name = spec.name.replace(/(_total)?$/, (suffix) => `_${i}${suffix}`);
    }
    const family = new Family({ ...spec, name }, this);
    this.#families.set(title(name), family);
    return family;
  }

  /** Adds a family of the run itself. */
  own(spec: Omit<FamilySpec, "isOwn">): Family {
    const family = new Family({ ...spec, isOwn: true }, this);
    this.#families.set(title(spec.name), family);
    return family;
  }

  /** Takes a place for a series; false past the limit. */
  takePlace(): boolean {
    if (this.#places >= this.#maxSeries) return false;
    this.#places += 1;
    return true;
  }

  /** Gives a place back. */
  returnPlace(): void {
    this.#places -= 1;
  }

  /** Families in the order in which they were added. */
  families(): readonly Family[] {
    return [...this.#families.values()];
  }
}
