import { alignColumns } from '../launch/start-summary.ts';

/** When something ran, by the clock on the wall. */
export interface ClockSpan {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How busy the machine was: the load average of one minute, and what it means depends on the number of cores. */
export interface MachineLoad {
  readonly cores: number;
  readonly before: number;
  readonly after: number;
}

const shownFiles = 10;

/**
 * How long each suite took by the clock, from the start of its first file to the end of its last, then the slowest files
 * and the load of the machine: a figure from a busy machine cannot be compared.
 */
export function toClockTable(
  suites: readonly ClockSpan[],
  files: readonly ClockSpan[],
  load: MachineLoad,
): readonly string[] {
  const wholes = [...Map.groupBy(suites, ({ name }) => name)].map(([name, spans]) => enclose(name, spans));
  const ordered = wholes.sort((left, right) => left.startedAt - right.startedAt);
  const slowest = files.toSorted((left, right) => lengthOf(right) - lengthOf(left)).slice(0, shownFiles);
  return [
    ...alignColumns([
      ['wall clock', 'seconds'],
      ...[...ordered, ...(ordered.length > 1 ? [enclose('from start to end', ordered)] : [])].map(toRow),
    ]),
    ...(slowest.length > 0 ? ['', ...alignColumns([['slowest files', 'seconds'], ...slowest.map(toRow)])] : []),
    '',
    `Load of the machine (${load.cores} cores): ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after`,
  ];
}

function enclose(name: string, spans: readonly ClockSpan[]): ClockSpan {
  return {
    name,
    startedAt: Math.min(...spans.map(({ startedAt }) => startedAt)),
    endedAt: Math.max(...spans.map(({ endedAt }) => endedAt)),
  };
}

function toRow(span: ClockSpan): readonly [string, string] {
  return [span.name, (lengthOf(span) / 1000).toFixed(1)];
}

function lengthOf({ startedAt, endedAt }: ClockSpan): number {
  return endedAt - startedAt;
}
