import type { CounterMetric, HistogramMetric, Meter, MetricDefinition } from '@sallyport/core';
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** Metrics as the library writes them in JSON, and adds them up over processes. */
export type MetricPage = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** A meter whose values Prometheus reads. */
export interface PrometheusMeter extends Meter {
  readonly contentType: string;
  /** What Prometheus reads. */
  text(): Promise<string>;
  /** What `addPages` adds up over processes. */
  page(): Promise<MetricPage>;
}

/** Adds the pages of several processes up. */
export async function addPages(
  pages: readonly MetricPage[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const together = AggregatorRegistry.aggregate([...pages]);
  return { contentType: together.contentType, text: await together.metrics() };
}

/** One series of a counter: a plain number, which the library reads on a scrape. */
interface Total {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** One series of a histogram: how many fell into each bucket, the last of which has no upper bound. */
interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: Float64Array;
  sum: number;
}

/** Series of one metric. What would be more is counted together: no label of ours grows with what clients send. */
const maximumSeries = 2000;
const beyond = 'other';

/**
 * Builds a meter on prom-client, with the usual metrics of the process when asked.
 *
 * The library looks series up by their labels at every count, which costs more than the rest of a measured request. So
 * series here are plain numbers, and the library is told of them when it writes a page.
 */
export function createPrometheusMeter(options: { readonly withProcess: boolean }): PrometheusMeter {
  const registry = new Registry();
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  const counters = new Map<string, CounterMetric>();
  const histograms = new Map<string, PlainHistogram>();
  const gauges = new Map<string, (() => number)[]>();

  const histogramPage = (): MetricPage => [...histograms.values()].map(({ write }) => write());
  return {
    contentType: registry.contentType,
    text: async () => {
      const { text } = await addPages([histogramPage()]);
      const parts = [await registry.metrics(), text].map((part) => part.trimEnd());
      return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
    },
    page: async () => [...(await registry.getMetricsAsJSON()), ...histogramPage()],
    counter: (definition) => remembered(counters, definition.name, () => createCounter(definition, registry)),
    histogram: (definition) => remembered(histograms, definition.name, () => createHistogram(definition)),
    gauge: ({ name, help }, read) => {
      // Two parts that name the same gauge, such as two listeners, are read together.
      const reads = remembered(gauges, name, () => {
        const made: (() => number)[] = [];
        void new Gauge({
          name,
          help,
          registers: [registry],
          collect() {
            this.set(made.reduce((sum, next) => sum + next(), 0));
          },
        });
        return made;
      });
      reads.push(read);
    },
  };
}

function createCounter({ name, help, labels = [] }: MetricDefinition, registry: Registry): CounterMetric {
  const series = createSeries<Total>(labels, (values) => ({ labels: values, value: 0 }));
  void new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels: of, value } of series.all()) this.inc(of, value);
    },
  });
  return {
    of: (...values) => {
      const total = series.of(values);
      return {
        add: (amount = 1) => {
          total.value += amount;
        },
      };
    },
  };
}

/** The library counts an observation far slower than this does: it is handed the sums when it writes a page. */
interface PlainHistogram extends HistogramMetric {
  readonly write: () => MetricPage[number];
}

function createHistogram({ name, help, labels = [], buckets }: Parameters<Meter['histogram']>[0]): PlainHistogram {
  const series = createSeries<Distribution>(labels, (values) => ({
    labels: values,
    counts: new Float64Array(buckets.length + 1),
    sum: 0,
  }));
  return {
    of: (...values) => {
      const distribution = series.of(values);
      const { counts } = distribution;
      return {
        observe: (value) => {
          distribution.sum += value;
          let bucket = 0;
          while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++;
          counts[bucket] = (counts[bucket] ?? 0) + 1;
        },
      };
    },
    write: () => {
      const values = [...series.all()].flatMap((distribution) => writeDistribution(name, buckets, distribution));
      const written = { name, help, type: 'histogram', aggregator: 'sum', values };
      // The library's type of a histogram's type is an enum that it does not use itself.
      return written as unknown as MetricPage[number];
    },
  };
}

/** One row of a histogram, as the library's own histograms write it. */
interface HistogramRow {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName: string;
  readonly value: number;
}

function writeDistribution(
  name: string,
  buckets: readonly number[],
  { labels, counts, sum }: Distribution,
): readonly HistogramRow[] {
  let total = 0;
  const rows = [...counts].map((count, index) => {
    total += count;
    return { labels: { le: buckets[index] ?? '+Inf', ...labels }, metricName: `${name}_bucket`, value: total };
  });
  return [
    ...rows,
    { labels, metricName: `${name}_sum`, value: sum },
    { labels, metricName: `${name}_count`, value: total },
  ];
}

interface SeriesSet<Series> {
  of(values: readonly string[]): Series;
  all(): Iterable<Series>;
}

function createSeries<Series>(
  names: readonly string[],
  create: (labels: Readonly<Record<string, string>>) => Series,
): SeriesSet<Series> {
  const known = new Map<string, Series>();
  const find = (values: readonly string[]): Series =>
    remembered(known, JSON.stringify(values), () =>
      create(Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))),
    );
  return {
    of: (values) => {
      const isNew = !known.has(JSON.stringify(values));
      return find(isNew && known.size >= maximumSeries ? names.map(() => beyond) : values);
    },
    all: () => known.values(),
  };
}

function remembered<Value>(values: Map<string, Value>, key: string, create: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = create();
  values.set(key, value);
  return value;
}
