import type { CounterMetric, HistogramMetric, Meter } from '@sallyport/core';
import type { RequestRecord } from './record.ts';

type Counter = ReturnType<CounterMetric['of']>;
type Histogram = ReturnType<HistogramMetric['of']>;

/** Counts what comes to the gateway. Labels are names of routes, classes of status, codes and reasons: never an id. */
export interface GatewayMetrics {
  /** A request arrived. */
  begin(): void;
  /** It is over. */
  end(record: RequestRecord): void;
  /** A request that could not be read, so that its route is unknown. */
  refuseUnreadable(code: string, reason: string): void;
}

/** What is known of one route: the series of the usual outcomes stand in an array, so that a request looks nothing up. */
interface RouteSeries {
  readonly duration: Histogram;
  readonly byOutcome: (Counter | undefined)[];
  readonly byRefusal: Map<string, Counter>;
}

const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Positions in the array of outcomes; refusals have a code beside. */
const decisionIndex: Readonly<Record<RequestRecord['decision'], number>> = {
  forward: 0,
  mount: 1,
  redirect: 2,
  refuse: 3,
  preflight: 4,
};
const decisions = 5;

/** Builds the counters of the gateway. `listener` tells browsers from services. */
export function createGatewayMetrics(meter: Meter, listener: RequestRecord['listener']): GatewayMetrics {
  const requests = meter.counter({
    name: 'sallyport_gateway_requests_total',
    help: 'Requests by route, class of status, and what the gateway did with them; code is empty unless it refused',
    labels: ['listener', 'route', 'status_class', 'decision', 'code'],
  });
  const durations = meter.histogram({
    name: 'sallyport_gateway_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer; streams last as long as they are open',
    labels: ['listener', 'route'],
    buckets: durationBuckets,
  });
  const refusals = meter.counter({
    name: 'sallyport_gateway_refusals_total',
    help: 'Requests that the gateway refused, or sent to sign in or step up, by reason',
    labels: ['listener', 'code', 'reason'],
  });
  const aborted = meter
    .counter({
      name: 'sallyport_gateway_aborted_total',
      help: 'Answers that were cut short: the client left, or the upstream broke',
      labels: ['listener'],
    })
    .of(listener);
  const routes = new Map<string, RouteSeries>();
  const reasons = new Map<string, Counter>();
  let begun = 0;
  let ended = 0;
  meter.gauge(
    { name: `sallyport_gateway_${listener}_requests_in_flight`, help: 'Requests whose answer has not ended' },
    () => begun - ended,
  );

  const seriesOf = (route: string): RouteSeries => {
    const known = routes.get(route);
    if (known !== undefined) return known;
    const series = { duration: durations.of(listener, route), byOutcome: [], byRefusal: new Map<string, Counter>() };
    routes.set(route, series);
    return series;
  };
  const countReason = (code: string, reason: string): void => {
    const key = `${code} ${reason}`;
    let series = reasons.get(key);
    if (series === undefined) {
      series = refusals.of(listener, code, reason);
      reasons.set(key, series);
    }
    series.add();
  };
  const countRefusal = (series: RouteSeries, record: RequestRecord, code: string): void => {
    const key = `${classOf(record.status)} ${record.decision} ${code}`;
    let counter = series.byRefusal.get(key);
    if (counter === undefined) {
      counter = requests.of(listener, record.route, `${classOf(record.status)}xx`, record.decision, code);
      series.byRefusal.set(key, counter);
    }
    counter.add();
    countReason(code, record.reason ?? 'unknown');
  };
  const countOutcome = (series: RouteSeries, record: RequestRecord): void => {
    const index = classOf(record.status) * decisions + decisionIndex[record.decision];
    let counter = series.byOutcome[index];
    if (counter === undefined) {
      counter = requests.of(listener, record.route, `${classOf(record.status)}xx`, record.decision, '');
      series.byOutcome[index] = counter;
    }
    counter.add();
    if (record.decision === 'redirect') countReason('', record.reason ?? 'unknown');
  };

  return {
    begin: () => {
      begun++;
    },
    end: (record) => {
      ended++;
      const series = seriesOf(record.route);
      series.duration.observe(record.durationMilliseconds / 1000);
      if (record.code === undefined) countOutcome(series, record);
      else countRefusal(series, record, record.code);
      if (record.isAborted === true) aborted.add();
    },
    refuseUnreadable: (code, reason) => {
      requests.of(listener, '-', '4xx', 'refuse', code).add();
      countReason(code, reason);
    },
  };
}

function classOf(status: number): number {
  return Math.trunc(status / 100);
}
