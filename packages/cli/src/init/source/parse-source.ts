import { parse, type ParserPlugin } from '@babel/parser';
import type { Program } from '@babel/types';
import { exitCodes, UsageError } from '@sallyport/core';

/**
 * Parses a module of an application: TypeScript or JavaScript, with JSX and decorators.
 *
 * @throws UsageError with the line where the file cannot be read.
 */
export function parseSource(text: string, file: string): Program {
  // In .ts files `<T>x` is an assertion, elsewhere an element.
  const isPlainTypeScript = /\.[mc]?ts$/.test(file);
  const plugins: ParserPlugin[] = ['typescript', 'decorators-legacy', ...(isPlainTypeScript ? [] : ['jsx' as const])];
  try {
    return parse(text, { plugins, sourceType: 'unambiguous', allowAwaitOutsideFunction: true }).program;
  } catch (error) {
    const line = lineOf(error);
    throw new UsageError(
      `${file} cannot be read${line === undefined ? '' : `: line ${line} is no TypeScript that can be parsed`}. Nothing was changed.`,
      exitCodes.refused,
    );
  }
}

function lineOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('loc' in error)) return undefined;
  const { loc } = error;
  return typeof loc === 'object' && loc !== null && 'line' in loc && typeof loc.line === 'number'
    ? loc.line
    : undefined;
}
