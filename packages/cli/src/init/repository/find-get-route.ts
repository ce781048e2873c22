import type { Decorator } from '@babel/types';
import { parseSource } from '../source/parse-source.ts';

/** The path of the first GET handler of a file of controllers that takes no parameters; `''` is the root of the service. */
export function findGetRoute(text: string, file: string): string | undefined {
  // Most files have none, and need no parsing.
  if (!text.includes('@Controller') || !text.includes('@Get(')) return undefined;
  for (const statement of parseSource(text, file).body) {
    const isExport = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const declaration = isExport ? statement.declaration : statement;
    if (declaration?.type !== 'ClassDeclaration') continue;
    const base = pathIn(declaration.decorators, 'Controller');
    if (base === undefined) continue;
    for (const member of declaration.body.body) {
      if (member.type !== 'ClassMethod') continue;
      const own = pathIn(member.decorators, 'Get');
      const path =
        own === undefined ? undefined : `${base}/${own}`.replaceAll(/^\/+|\/+$/g, '').replaceAll(/\/+/g, '/');
      if (path !== undefined && /^[A-Za-z0-9_~./-]*$/.test(path)) return path;
    }
  }
  return undefined;
}

/** The path of a decorator such as `@Get('mine')`; `undefined` when there is none, or it is not written out there. */
function pathIn(decorators: readonly Decorator[] | null | undefined, name: string): string | undefined {
  for (const { expression } of decorators ?? []) {
    const isCall = expression.type === 'CallExpression' && expression.callee.type === 'Identifier';
    if (!isCall || expression.callee.type !== 'Identifier' || expression.callee.name !== name) continue;
    const [first] = expression.arguments;
    if (first === undefined) return '';
    return first.type === 'StringLiteral' ? first.value : undefined;
  }
  return undefined;
}
