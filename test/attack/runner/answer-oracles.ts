import { headerOf, type WireAnswer } from './wire.ts';

/** Looks at an answer. Returns what is wrong with it. */
export type AnswerOracle = (answer: WireAnswer) => string | undefined;

/** A header has a value of this form. */
export function says(name: string, pattern: RegExp): AnswerOracle {
  return (answer) => {
    const value = headerOf(answer, name);
    return value !== undefined && pattern.test(value)
      ? undefined
      : `${name} should match ${String(pattern)}, and is ${value ?? 'absent'}`;
  };
}

/** None of these headers is there. */
export function omits(...names: readonly string[]): AnswerOracle {
  return (answer) => {
    const found = names.filter((name) => headerOf(answer, name) !== undefined);
    return found.length === 0 ? undefined : `these headers should be absent: ${found.join(', ')}`;
  };
}

/** None of these texts is anywhere in the answer. */
export function reveals(...texts: readonly string[]): { readonly nothingOf: AnswerOracle } {
  return {
    nothingOf: ({ headers, body }) => {
      const all = [...headers.flat(), body].join('\n');
      const found = texts.filter((text) => all.includes(text));
      return found.length === 0 ? undefined : `the answer should not contain ${found.join(', ')}`;
    },
  };
}
