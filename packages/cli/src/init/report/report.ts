import type { Plan } from '../plan/plan.ts';

/** What people read when it was done. */
export function toReport({ changes, copies, byHand, notes, next }: Plan): string {
  const isNothing = changes.length === 0 && copies.files.length === 0;
  const did = [
    ...changes.map(({ file, before }) => `  ${before === undefined ? 'new    ' : 'changed'} ${file}`),
    ...(copies.files.length === 0 ? [] : [`  copied  ${copies.files.length} tarballs to ${copies.folder}/`]),
  ];
  return [
    ...(isNothing ? ['Nothing had to be changed: this repository is set up.'] : ['Done:', ...did]),
    ...section(
      'To know:',
      notes.map((note) => `  - ${note}`),
    ),
    ...section(
      'By hand, because these files were not understood:',
      byHand.flatMap(({ file, reason, lines }) => [`  ${file}: ${reason}`, ...lines.map((line) => `      ${line}`)]),
    ),
    ...(isNothing
      ? []
      : section(
          'What comes next:',
          next.map((step) => `  ${step}`),
        )),
  ].join('\n');
}

/** The same for machines. */
export function toResult({ changes, copies, byHand, notes, next }: Plan, isDone: boolean): unknown {
  return {
    isDone,
    changes: changes.map(({ file, before }) => ({ file, change: before === undefined ? 'new' : 'changed' })),
    copies: copies.files.length,
    byHand,
    notes,
    next,
  };
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}
