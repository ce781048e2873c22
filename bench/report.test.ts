import { describe, expect, it } from 'vitest';
import type { BenchmarkResult } from './benchmark.ts';
import { toJson, toTable } from './report.ts';

const result: BenchmarkResult = {
  name: 'gateway-vs-bare-proxy',
  title: 'Gateway vs bare proxy',
  ratio: 0.9123,
  low: 0.9,
  high: 0.925,
  subject: 12_345.6,
  baseline: 13_533,
  unit: 'requests/s',
  pairs: 12,
  target: '≥ 0.90',
  details: { 'store reads per request': 0, 'p99 in ms': { median: 4.2, low: 4, high: 5 }, note: 'in-process' },
};

describe('the report', () => {
  it('is one JSON array with every contracted field', () => {
    expect(JSON.parse(toJson([result]))).toEqual([result]);
    expect(toJson([])).toBe('[]');
  });

  it('is a table whose columns line up', () => {
    const [head = '', line = ''] = toTable([result, { ...result, title: 'Gateway with log', ratio: 8.5 }]).split('\n');
    expect(line.indexOf('0.912 ×')).toBe(head.indexOf('ratio'));
    expect(line.indexOf('requests/s')).toBe(head.indexOf('unit'));
  });

  it('shows what else was measured, spreads included', () => {
    const text = toTable([result]);
    expect(text).toContain('4.20 (4.00 – 5.00)');
    expect(text).toMatch(/store reads per request {2}0$/m);
  });
});
