/** What a metric is called and says. Labels are few and bounded: a route, a code, never an id. */
export interface MetricDefinition {
  /** In the form of Prometheus, with its unit: `sallyport_gateway_requests_total`, `…_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Counts what happens. */
export interface CounterMetric {
  /** The series of these label values, in the order of the definition; look it up once, not on every request. */
  of(...labelValues: readonly string[]): { add(amount?: number): void };
}

/** Measures how long or how much, in buckets. */
export interface HistogramMetric {
  /** The series of these label values, in the order of the definition; look it up once, not on every request. */
  of(...labelValues: readonly string[]): { observe(value: number): void };
}

/** Where parts of the system register what they count. Nothing that is measured may change what is decided. */
export interface Meter {
  counter(definition: MetricDefinition): CounterMetric;
  /** `buckets` are upper bounds, in the unit of the name. */
  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): HistogramMetric;
  /** A value that is read when metrics are collected. */
  gauge(definition: Omit<MetricDefinition, 'labels'>, read: () => number): void;
}

/** Measures nothing. */
export const silentMeter: Meter = {
  counter: () => ({ of: () => ({ add: () => {} }) }),
  histogram: () => ({ of: () => ({ observe: () => {} }) }),
  gauge: () => {},
};
