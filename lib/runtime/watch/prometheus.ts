/** Counters, gauges and histograms in the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats). */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Record<string, string>;

/** A family of values: what it means, and the names of its labels. */
export interface Family {
  help: string;
  labels?: readonly string[];
}

export interface GaugeFamily extends Family {
  /** Asked at each reading; values by their labels, undefined where there is none. */
  read(): number | undefined | Iterable<[Labels, number]>;
}

export interface HistogramFamily extends Family {
  /** Upper bounds, ascending. */
  buckets: readonly number[];
}

export interface Metrics {
  /** Adds to a counter; the labels' values must come from a small fixed set. 0 makes its series known before the first time. */
  count(name: string, labels?: Labels, by?: number): void;
  observe(name: string, labels: Labels, value: number): void;
  /** The whole text; gauges are asked for now. */
  render(): Promise<string>;
}

export interface Families {
  /** Names end in `_total`. */
  counters?: Record<string, Family>;
  gauges?: Record<string, GaugeFamily>;
  histograms?: Record<string, HistogramFamily>;
}

/** A registry of its own for each caller: two services in one process do not mix. */
export function openMetrics({ counters = {}, gauges = {}, histograms = {} }: Families): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const known = new Map<string, Counter | Histogram>();
  for (const [name, { help, labels = [] }] of Object.entries(counters))
    known.set(name, new Counter({ name, help, labelNames: [...labels], registers }));
  for (const [name, { help, labels = [], buckets }] of Object.entries(histograms))
    known.set(name, new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }));
  for (const [name, { help, labels = [], read }] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers,
      collect() {
        this.reset();
        const now = read();
        if (typeof now === 'number') this.set(now);
        else if (now === undefined) this.remove();
        else for (const [its, value] of now) this.set(its, value);
      },
    });
  }
  const find = <Kind extends Counter | Histogram>(name: string, kind: new (...args: never[]) => Kind): Kind => {
    const family = known.get(name);
    if (family instanceof kind) return family;
    throw new Error(`there is no metric ${name} of this kind`);
  };
  return {
    count: (name, labels = {}, by = 1) => find(name, Counter).inc(labels, by),
    observe: (name, labels, value) => find(name, Histogram).observe(labels, value),
    render: () => registry.metrics(),
  };
}
