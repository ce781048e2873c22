import { describe, expect, it } from 'vitest';
import { addPages, createPrometheusMeter } from './prometheus-meter.ts';

const latency = { name: 'test_seconds', help: 'Times', labels: ['route'], buckets: [0.1, 1] } as const;

describe('a meter that Prometheus reads', () => {
  it('counts each observation in its bucket and in all wider ones', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const series = meter.histogram(latency).of('shop');
    for (const value of [0.05, 0.1, 0.5, 7]) series.observe(value);
    expect(await meter.text()).toBe(
      [
        '# HELP test_seconds Times',
        '# TYPE test_seconds histogram',
        'test_seconds_bucket{le="0.1",route="shop"} 2',
        'test_seconds_bucket{le="1",route="shop"} 3',
        'test_seconds_bucket{le="+Inf",route="shop"} 4',
        'test_seconds_sum{route="shop"} 7.65',
        'test_seconds_count{route="shop"} 4',
        '',
      ].join('\n'),
    );
  });

  it('gives every part that names a metric the same one, and adds gauges up', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const definition = { name: 'test_total', help: 'Things', labels: ['kind'] };
    meter.counter(definition).of('a').add();
    meter.counter(definition).of('a').add(2);
    for (const value of [3, 4]) meter.gauge({ name: 'test_open', help: 'Open things' }, () => value);
    const page = await meter.text();
    expect(page).toContain('test_total{kind="a"} 3\n');
    expect(page).toContain('test_open 7\n');
    // A second look adds nothing.
    expect(await meter.text()).toBe(page);
  });

  it('escapes what a label holds', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    meter
      .counter({ name: 'test_total', help: 'Things', labels: ['kind'] })
      .of('a"\n} 9')
      .add();
    expect(await meter.text()).toContain('test_total{kind="a\\"\\n} 9"} 1\n');
  });

  it('has a bound on its series, beyond which it counts together', async () => {
    const meter = createPrometheusMeter({ withProcess: false });
    const counter = meter.counter({ name: 'test_total', help: 'Things', labels: ['kind'] });
    for (let index = 0; index < 5000; index++) counter.of(`kind-${index}`).add();
    const page = await meter.text();
    expect(page.split('\n').filter((line) => line.startsWith('test_total{')).length).toBeLessThanOrEqual(2001);
    expect(page).toContain('test_total{kind="other"} 3000\n');
  });

  it('is added up over workers, buckets and all', async () => {
    const pages = await Promise.all(
      [0.05, 0.5].map(async (value) => {
        const meter = createPrometheusMeter({ withProcess: true });
        meter.histogram(latency).of('shop').observe(value);
        return meter.page();
      }),
    );
    const { text: page } = await addPages(pages);
    expect(page).toContain('test_seconds_bucket{le="0.1",route="shop"} 1\n');
    expect(page).toContain('test_seconds_bucket{le="+Inf",route="shop"} 2\n');
    expect(page).toContain('test_seconds_count{route="shop"} 2\n');
  });
});
