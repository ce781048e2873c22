import type { Expression, Node, Program } from '@babel/types';
import { findVariable, nameOfKey, walk } from '../source/nodes.ts';

/** Where an application listens. */
export interface AppPort {
  readonly number: number;
  /** The variable that says otherwise; without one the port is fixed in the code. */
  readonly variable?: string;
}

/** Where `next dev` listens. Its script may fix the port; else `PORT` says. */
export function portOfNext(script: string | undefined): AppPort {
  const fixed = /\bnext\s+dev\b[^&|;]*?(?:\s-p|\s--port)[\s=]*(\d{2,5})\b/.exec(script ?? '')?.[1];
  return fixed === undefined ? { number: 3000, variable: 'PORT' } : { number: Number(fixed) };
}

/**
 * Where a Nest application listens, from the argument of `listen(…)`: a number is fixed; `process.env.PORT ?? 4000` and
 * `config.get('PORT')` follow a variable, whose number may stand in a file of the environment.
 *
 * @returns `undefined` when nothing listens there, or the argument cannot be read.
 */
export function portOfNest(program: Program, environmentFiles: readonly string[]): AppPort | undefined {
  for (const node of walk(program)) {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') continue;
    if (nameOfKey(node.callee.property) !== 'listen') continue;
    const [argument] = node.arguments;
    if (argument === undefined || argument.type === 'SpreadElement' || argument.type === 'ArgumentPlaceholder')
      continue;
    return readPort(argument, program, environmentFiles);
  }
  return undefined;
}

function readPort(argument: Expression, program: Program, environmentFiles: readonly string[]): AppPort | undefined {
  const nodes = [...walk(resolveName(argument, program))];
  const variable = nodes.map(variableOf).find((name) => name !== undefined);
  const literal = nodes.map(numberOf).find((number) => number !== undefined);
  if (variable === undefined) return literal === undefined ? undefined : { number: literal };
  return { number: fromFiles(variable, environmentFiles) ?? literal ?? 3000, variable };
}

/** A constant of the function or the module stands for what it was given. */
function resolveName(expression: Expression, program: Program): Node {
  if (expression.type !== 'Identifier') return expression;
  const { name } = expression;
  const declared = [...walk(program)].find(
    (node) => node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.id.name === name,
  );
  const initial = declared?.type === 'VariableDeclarator' ? declared.init : findVariable(program, name)?.init;
  return initial ?? expression;
}

/** `process.env.PORT`, `process.env['PORT']`, `config.get('PORT')`. */
function variableOf(node: Node): string | undefined {
  if (node.type === 'MemberExpression' && node.object.type === 'MemberExpression') {
    const { object, property } = node;
    const isEnvironment =
      object.object.type === 'Identifier' && object.object.name === 'process' && nameOfKey(object.property) === 'env';
    return isEnvironment ? nameOfKey(property) : undefined;
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const isGetter = ['get', 'getOrThrow'].includes(nameOfKey(node.callee.property) ?? '');
  const [first] = node.arguments;
  return isGetter && first?.type === 'StringLiteral' && /^[A-Z][A-Z0-9_]*$/.test(first.value) ? first.value : undefined;
}

function numberOf(node: Node): number | undefined {
  const text = node.type === 'StringLiteral' ? node.value : node.type === 'NumericLiteral' ? String(node.value) : '';
  // 10 is the radix of parseInt.
  return /^\d{2,5}$/.test(text) && Number(text) > 16 && Number(text) <= 65_535 ? Number(text) : undefined;
}

function fromFiles(variable: string, files: readonly string[]): number | undefined {
  const pattern = new RegExp(`^\\s*(?:export\\s+)?${variable}\\s*=\\s*["']?(\\d{2,5})["']?\\s*(?:#.*)?$`, 'm');
  const found = files.map((text) => pattern.exec(text)?.[1]).find((match) => match !== undefined);
  return found === undefined ? undefined : Number(found);
}
