/// <reference lib="dom" />
/** One source on the page: its table, lines, heat maps and flame graph. */
import { type Bar, HeatMap, LineChart } from "./charts.ts";
import { element } from "./dom.ts";
import type { Message, PageField, Row } from "./feed.ts";
import { FlameGraph, stackOf } from "./flame.ts";
import { RowRing, textOf, valueOf } from "./rows.ts";
import { RowTable } from "./table.ts";

/** Histograms of one source that are drawn. */
const MAX_HEAT_MAPS = 12;
const MAX_LINES = 500;

/** Values of a number within one second. */
interface Second {
  count: number;
  sum: number;
  most: number;
}

/** Part of the page for one source. */
export class SourceView {
  readonly root = element("section");
  readonly #charts = element("div", { kind: "charts" });
  readonly #ring = new RowRing();
  readonly #opened: Extract<Message, { t: "open" }> | undefined;
  readonly #table: RowTable | undefined;
  readonly #rate: LineChart | undefined;
  readonly #numbers = new Map<PageField, { chart: LineChart; second: Second }>();
  readonly #heat = new Map<string, HeatMap>();
  readonly #lines = element("pre", { kind: "lines" });
  #flame: FlameGraph | undefined;
  #total = 0;
  #before: number | undefined;
  #isChanged = true;

  constructor(readonly name: string, opened?: Extract<Message, { t: "open" }>) {
    this.#opened = opened;
    this.root.append(this.#charts);
    if (opened === undefined) return;
    const { fields, isStream } = opened;
    if (isStream) {
      this.#rate = new LineChart("records a second", ["records"]);
      this.#charts.append(this.#rate.root);
    }
    this.#charts.append(this.#chooser(fields));
    this.#table = new RowTable(this.#ring, fields, {
      hasTime: isStream,
      changed: () => {
        this.#isChanged = true;
        this.draw();
      },
    });
    this.root.append(this.#table.root);
    for (const name of opened.charted) {
      const field = fields.find((one) => one.name === name);
      if (field !== undefined && this.#numbers.size < 2) this.#chart(field);
    }
  }

  /** Lets a number be drawn as a line. */
  #chooser(fields: readonly PageField[]): HTMLElement {
    const select = element("select");
    select.setAttribute("aria-label", "Chart a field");
    select.append(element("option", { text: "chart a field…" }));
    for (const { name, isNumber } of fields) {
      if (isNumber) select.append(element("option", { text: name }));
    }
    select.addEventListener("change", () => {
      const field = fields.find(({ name }) => name === select.value);
      if (field !== undefined && !this.#numbers.has(field)) this.#chart(field);
      select.selectedIndex = 0;
    });
    const box = element("div", { kind: "tools" }, select);
    box.hidden = select.options.length < 2;
    return box;
  }

  #chart(field: PageField): void {
    const unit = field.unit === undefined ? "" : `, ${field.unit}`;
    const chart = new LineChart(`${field.name}${unit}`, ["mean", "highest"]);
    this.#numbers.set(field, { chart, second: { count: 0, sum: 0, most: -Infinity } });
    this.#charts.append(chart.root);
  }

  /** Takes rows. */
  rows({ at, begin, total, rows }: Extract<Message, { t: "rows" }>): void {
    if (begin && this.#opened?.isStream === false) this.#ring.clear();
    for (const row of rows) {
      this.#ring.add(at, row);
      for (const [field, { second }] of this.#numbers) {
        const value = Number(valueOf(row, field.path));
        if (Number.isNaN(value)) continue;
        second.count += 1;
        second.sum += value;
        second.most = Math.max(second.most, value);
      }
    }
    this.#total = total;
    this.#isChanged = true;
  }

  /** Takes charts, stacks or bytes. */
  blocks({ at, kind, items, isCleared }: Extract<Message, { t: "blocks" }>): void {
    this.#isChanged = true;
    if (kind === "stacks") return this.#stacks(items);
    for (const item of items) {
      if (kind === "histogram") this.#histogram(at, item, isCleared);
      else this.line(`${textOf(item["size"])} ${textOf(item["hex"])}`);
    }
  }

  #histogram(at: number, item: Row, isCleared: boolean): void {
    const { hist, unit, source: _source, ...members } = item;
    const keys = Object.entries(members).map(([name, value]) => `${name}=${textOf(value)}`);
    const title = [...keys, textOf(unit)].join(" ");
    let map = this.#heat.get(title);
    if (map === undefined) {
      if (this.#heat.size >= MAX_HEAT_MAPS) return;
      map = new HeatMap(title);
      this.#heat.set(title, map);
      this.#charts.append(map.root);
    }
    const bars: Bar[] = (Array.isArray(hist) ? hist as Row[] : []).map((bar) => ({
      min: Number(bar["min"]),
      max: Number(bar["max"]),
      count: Number(bar["count"]),
    }));
    map.add(at, bars, isCleared);
  }

  #stacks(items: readonly Row[]): void {
    if (this.#flame === undefined) {
      this.#flame = new FlameGraph("stacks");
      this.root.insertBefore(this.#flame.root, this.root.children[1] ?? null);
    }
    this.#flame.set(items.map((item) => stackOf(item, this.#opened)));
  }

  /** Takes a line of text. */
  line(text: string): void {
    if (!this.#lines.isConnected) {
      this.root.append(element("div", { kind: "card" }, this.#lines));
    }
    this.#lines.append(`${text}\n`);
    while (this.#lines.childNodes.length > MAX_LINES) this.#lines.firstChild?.remove();
  }

  /** Ends a second of the lines. */
  second(seconds: number): void {
    if (this.#before !== undefined) this.#rate?.add(seconds, [this.#total - this.#before]);
    this.#before = this.#total;
    for (const { chart, second } of this.#numbers.values()) {
      const { count, sum, most } = second;
      chart.add(seconds, count === 0 ? [null, null] : [sum / count, most]);
      Object.assign(second, { count: 0, sum: 0, most: -Infinity });
    }
    this.#isChanged = true;
  }

  /** Draws what has changed. */
  draw(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#table?.draw(this.#total);
    this.#rate?.draw();
    for (const { chart } of this.#numbers.values()) chart.draw();
    for (const map of this.#heat.values()) map.draw();
    this.#flame?.draw();
  }

  /** The rows that are kept, the oldest first. */
  kept(): Row[] {
    return [...this.#ring.newest()].map(({ row }) => row).reverse();
  }
}
