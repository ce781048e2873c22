import { groupTitles } from '../all-cases.ts';
import type { Result } from './run-suite.ts';

interface Score {
  passed: number;
  failed: number;
  hygiene: number;
  notApplicable: number;
}

/** Writes the table of all groups, and each failure with what was expected and what was seen. */
export function toScoreboard(results: readonly Result[]): string {
  const scores = scoresOf(results);
  const lines = Object.entries(scores).map(([group, score]) => rowOf(`${group}  ${groupTitles[group] ?? ''}`, score));
  const total = Object.values(scores).reduce(
    (sum, score) => ({
      passed: sum.passed + score.passed,
      failed: sum.failed + score.failed,
      hygiene: sum.hygiene + score.hygiene,
      notApplicable: sum.notApplicable + score.notApplicable,
    }),
    { passed: 0, failed: 0, hygiene: 0, notApplicable: 0 },
  );
  const failures = results.flatMap(({ attack, outcome }) =>
    'problem' in outcome ? [`${attack.id} ${attack.title}\n    ${outcome.problem}\n    ${attack.source}`] : [],
  );
  const header = `${'group'.padEnd(34)}passed  failed  hygiene  not applicable`;
  const table = [header, ...lines, '', rowOf('all', total)].join('\n');
  return failures.length === 0 ? table : `${table}\n\n${failures.join('\n\n')}`;
}

/** The same for a program. */
export function toReport(results: readonly Result[]): object {
  return {
    groups: scoresOf(results),
    cases: results.map(({ attack, outcome }) => ({
      id: attack.id,
      title: attack.title,
      source: attack.source,
      outcome: outcome.kind,
      ...('problem' in outcome ? { problem: outcome.problem } : {}),
    })),
  };
}

function scoresOf(results: readonly Result[]): Readonly<Record<string, Score>> {
  const scores: Record<string, Score> = {};
  for (const { attack, outcome } of results) {
    const score = (scores[attack.id.slice(0, 1)] ??= { passed: 0, failed: 0, hygiene: 0, notApplicable: 0 });
    if (outcome.kind === 'passed') score.passed++;
    else if (outcome.kind === 'failed') score.failed++;
    else if (outcome.kind === 'hygiene') score.hygiene++;
    else score.notApplicable++;
  }
  return scores;
}

function rowOf(name: string, { passed, failed, hygiene, notApplicable }: Score): string {
  return `${name.padEnd(34)}${String(passed).padStart(6)}${String(failed).padStart(8)}${String(hygiene).padStart(9)}${String(notApplicable).padStart(16)}`;
}
