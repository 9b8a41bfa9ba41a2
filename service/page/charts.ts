/// <reference lib="dom" />
/** Charts: lines over time, and a heat map of a histogram over time. */
import uPlot from "uplot";
import { color, element, onWidth } from "./dom.ts";

/** Seconds that lines show. */
const SECONDS = 300;
const HEIGHT = 180;

/** Lines of values, one point a second. */
export class LineChart {
  readonly root = element("div", { kind: "card" });
  readonly #times: number[] = [];
  readonly #values: (number | null)[][];
  #plot: uPlot | undefined;

  constructor(title: string, readonly labels: readonly string[]) {
    this.#values = labels.map(() => []);
    const box = element("div");
    this.root.append(element("h2", { text: title }), box);
    onWidth(box, (width) => {
      if (this.#plot === undefined) this.#plot = this.#create(box, width);
      else this.#plot.setSize({ width, height: HEIGHT });
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      const width = box.clientWidth;
      this.#plot?.destroy();
      this.#plot = width > 0 ? this.#create(box, width) : undefined;
    });
  }

  #create(box: HTMLElement, width: number): uPlot {
    const [text, line] = [color("soft"), color("line")];
    const colors = [color("accent"), color("warn"), color("soft")];
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    return new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { live: true },
        cursor: { drag: { x: false, y: false } },
        axes: [axis, { ...axis, size: 60, values: (_, splits) => splits.map(short) }],
        series: [
          {},
          ...this.labels.map((label, i) => ({
            label,
            stroke: colors[i % colors.length] ?? text,
            width: 1.5,
            // A table may have rows in every fifth second alone.
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      this.#data,
      box,
    );
  }

  get #data(): uPlot.AlignedData {
    return [this.#times, ...this.#values];
  }

  /** Adds the point of a second. */
  add(seconds: number, values: readonly (number | null)[]): void {
    this.#times.push(seconds);
    this.#values.forEach((line, i) => line.push(values[i] ?? null));
    if (this.#times.length > SECONDS) {
      this.#times.shift();
      for (const line of this.#values) line.shift();
    }
  }

  draw(): void {
    this.#plot?.setData(this.#data);
  }
}

function short(value: number): string {
  const steps: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const [size, letter] = steps.find(([step]) => Math.abs(value) >= step) ?? [1, ""];
  return `${Number((value / size).toPrecision(4))}${letter}`;
}

/** Bar of a histogram. */
export interface Bar {
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

const MAX_COLUMNS = 120;
const ROW_HEIGHT = 14;
const LABEL_WIDTH = 86;
const FOOT = 18;

/** Histogram over time: a column an interval, a row a slot, darker for more. */
export class HeatMap {
  readonly root = element("div", { kind: "card" });
  readonly #canvas = element("canvas");
  readonly #columns: { at: number; bars: readonly Bar[] }[] = [];
  #last = new Map<number, number>();

  constructor(title: string) {
    this.root.append(element("h2", { text: title }), this.#canvas);
    onWidth(this.root, () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** @param isCleared false if counts are totals, of which the growth is shown */
  add(at: number, bars: readonly Bar[], isCleared: boolean): void {
    const grown = bars.map((bar) => {
      const before = isCleared ? 0 : this.#last.get(bar.min) ?? 0;
      return { ...bar, count: Math.max(0, bar.count - before) };
    });
    if (!isCleared) this.#last = new Map(bars.map(({ min, count }) => [min, count]));
    this.#columns.push({ at, bars: grown });
    if (this.#columns.length > MAX_COLUMNS) this.#columns.shift();
  }

  draw(): void {
    const width = this.root.clientWidth - 20;
    const slots = [
      ...new Map(
        this.#columns.flatMap(({ bars }) => bars.map(({ min, max }) => [min, max] as const)),
      ),
    ].sort(([a], [b]) => b - a);
    if (width <= LABEL_WIDTH || slots.length === 0) return;
    const height = slots.length * ROW_HEIGHT + FOOT;
    const scale = devicePixelRatio;
    this.#canvas.width = width * scale;
    this.#canvas.height = height * scale;
    this.#canvas.style.height = `${height}px`;
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    context.scale(scale, scale);
    this.#paint(context, slots, { width, height });
  }

  #paint(
    context: CanvasRenderingContext2D,
    slots: readonly (readonly [number, number])[],
    { width, height }: { width: number; height: number },
  ): void {
    const most = Math.max(1, ...this.#columns.flatMap(({ bars }) => bars.map((one) => one.count)));
    const places = new Map(slots.map(([min], i) => [min, i]));
    const step = (width - LABEL_WIDTH) / Math.max(20, this.#columns.length);
    context.font = "10px ui-monospace, monospace";
    context.fillStyle = color("soft");
    context.textBaseline = "middle";
    context.textAlign = "right";
    slots.forEach(([min, max], i) => {
      const label = `${short(min)}–${short(max)}`;
      context.fillText(label, LABEL_WIDTH - 6, (i + 0.5) * ROW_HEIGHT, LABEL_WIDTH - 8);
    });
    context.textBaseline = "alphabetic";
    const [first, last] = [this.#columns[0], this.#columns[this.#columns.length - 1]];
    if (first !== undefined && last !== undefined) {
      context.textAlign = "left";
      context.fillText(clock(first.at), LABEL_WIDTH, height - 5);
      context.textAlign = "right";
      if (last !== first) {
        context.fillText(clock(last.at), LABEL_WIDTH + step * this.#columns.length, height - 5);
      }
    }
    context.fillStyle = color("accent");
    this.#columns.forEach(({ bars }, column) => {
      for (const { min, count } of bars) {
        if (count <= 0) continue;
        context.globalAlpha = 0.15 + 0.85 * Math.log1p(count) / Math.log1p(most);
        const y = (places.get(min) ?? 0) * ROW_HEIGHT;
        context.fillRect(LABEL_WIDTH + column * step, y, Math.max(1, step - 1), ROW_HEIGHT - 1);
      }
    });
    context.globalAlpha = 1;
  }
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}
