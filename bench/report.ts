import type { BenchmarkResult } from './benchmark.ts';
import type { Spread } from './statistics.ts';

/** The results for programs: one JSON array. */
export function toJson(results: readonly BenchmarkResult[]): string {
  return JSON.stringify(results);
}

/** The results for people: an aligned table, with what else was measured below each line. */
export function toTable(results: readonly BenchmarkResult[]): string {
  const rows = results.map((result) => [
    result.title,
    `${toFigure(result.ratio)} ×`,
    `${toFigure(result.low)} – ${toFigure(result.high)}`,
    result.target,
    toFigure(result.subject),
    toFigure(result.baseline),
    result.unit,
    String(result.pairs),
  ]);
  const table = align([['benchmark', 'ratio', 'quartiles', 'target', 'subject', 'baseline', 'unit', 'pairs'], ...rows]);
  const details = results.flatMap((result) => ['', result.name, ...detailLines(result)]);
  return [...table, ...details].join('\n');
}

function detailLines(result: BenchmarkResult): readonly string[] {
  return align(Object.entries(result.details).map(([name, value]) => [`  ${name}`, toText(value)]));
}

function toText(value: number | string | Spread): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return toFigure(value);
  return `${toFigure(value.median)} (${toFigure(value.low)} – ${toFigure(value.high)})`;
}

/** Three digits that mean something; whole numbers from a hundred on. */
function toFigure(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
