import type { Program } from '@babel/types';
import { nameOfKey, walk } from './nodes.ts';

/** A call of `setGlobalPrefix`. */
export interface GlobalPrefixCall {
  /** Without slashes around it; `undefined` where it is no text of the source. */
  readonly literal: string | undefined;
}

/** Finds the prefix that the entry file of a Nest application sets; `undefined` where it sets none. */
export function findGlobalPrefix(program: Program): GlobalPrefixCall | undefined {
  for (const node of walk(program)) {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') continue;
    if (nameOfKey(node.callee.property) !== 'setGlobalPrefix') continue;
    const [first] = node.arguments;
    return { literal: first?.type === 'StringLiteral' ? first.value.replaceAll(/^\/|\/$/g, '') : undefined };
  }
  return undefined;
}
