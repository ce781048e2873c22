import type { Expression, ObjectExpression, Program } from '@babel/types';
import { addImports, findTakenName, hasImport } from '../source/add-import.ts';
import { findVariable, nameOfKey, placeOf, walk, withoutTypes } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import { readStyle, type SourceStyle } from '../source/source-style.ts';
import { applyEdits, type TextEdit } from '../source/text-edit.ts';
import { notUnderstood, unchanged, type EditResult } from './edit-result.ts';

const zoneImport = { names: ['withZone'], from: '@sallyport/nextjs/zone' };

/** Options of pages that are rendered before they are asked for; a page with a nonce is rendered for its request. */
const switchedOff: ReadonlySet<string> = new Set(['cacheComponents', 'partialPrefetching']);

/** A Next.js application at `/`. */
export interface ShellZone {
  readonly name: string;
  /**
   * Whether it has a lock file of its own below that of the gateway: Next.js takes the uppermost for its root, and says
   * that it is not sure.
   */
  readonly isRootOfItsOwn: boolean;
}

/** Wraps the configuration object of a Next.js application in `withZone`, as the shell at `/`. */
export function editNextConfig(text: string, file: string, zone: ShellZone): EditResult {
  const program = parseSource(text, file);
  if (hasImport(program, 'withZone', zoneImport.from) || requiresZone(text)) return unchanged;
  if (findTakenName(program, zoneImport) !== undefined) return notUnderstood('it has a withZone that is not ours');
  const exported = findExport(program);
  if (exported === undefined) return notUnderstood('it exports nothing that could be wrapped');
  const found = findObject(exported.expression, program);
  if (found === undefined) return notUnderstood('what it exports is not an object that is written out there');
  const set = found.object.properties.flatMap((property) =>
    property.type === 'ObjectProperty' ? [nameOfKey(property.key)] : [],
  );
  const fixed = ['assetPrefix', 'basePath'].find((key) => set.includes(key));
  if (fixed !== undefined) return notUnderstood(`it sets ${fixed}, which withZone decides`);

  const style = readStyle(text);
  const off = switchOff(found.object);
  return {
    kind: 'changed',
    text: applyEdits(text, [
      ...importZone(program, exported.isCommonJs, style),
      ...wrap(found.place, zone, style),
      ...off.edits,
    ]),
    notes: off.names.map(
      (key) => `${file}: ${key} is off now. A page whose scripts carry a nonce is rendered for its request.`,
    ),
  };
}

/** What a new `next.config` holds. */
export function writeNextConfig(zone: ShellZone, { quote, semicolon }: SourceStyle): string {
  return [
    `import { withZone } from ${quote}${zoneImport.from}${quote}${semicolon}`,
    '',
    `export default withZone({}, ${zoneOptions(zone, quote)})${semicolon}`,
    '',
  ].join('\n');
}

function zoneOptions({ name, isRootOfItsOwn }: ShellZone, quote: string): string {
  const root = isRootOfItsOwn ? ', repositoryRoot: process.cwd()' : '';
  return `{ name: ${quote}${name}${quote}, mount: ${quote}/${quote}${root} }`;
}

interface Exported {
  readonly expression: Expression;
  readonly isCommonJs: boolean;
}

function findExport(program: Program): Exported | undefined {
  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      const isStatement = /Declaration$|^TSDeclare/.test(declaration.type);
      // What is left is an expression: the types of the parser do not know that the suffix tells.
      return isStatement ? undefined : { expression: declaration as Expression, isCommonJs: false };
    }
    if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression') continue;
    const { left, right } = statement.expression;
    const isModuleExports =
      left.type === 'MemberExpression' &&
      left.object.type === 'Identifier' &&
      left.object.name === 'module' &&
      nameOfKey(left.property) === 'exports';
    if (isModuleExports) return { expression: right, isCommonJs: true };
  }
  return undefined;
}

interface FoundObject {
  /** What is wrapped: the object itself, or the name that stands for it where it is exported. */
  readonly place: Expression;
  readonly object: ObjectExpression;
}

/** Looks through constants, and through plugins that take the configuration: `withMDX(nextConfig)`. */
function findObject(expression: Expression, program: Program): FoundObject | undefined {
  const plain = withoutTypes(expression);
  if (plain.type === 'ObjectExpression') return { place: expression, object: plain };
  if (plain.type === 'CallExpression') {
    const objects = plain.arguments.slice(0, 1).flatMap((argument) => {
      const isExpression = argument.type !== 'SpreadElement' && argument.type !== 'ArgumentPlaceholder';
      return isExpression ? [findObject(argument, program)] : [];
    });
    return objects[0];
  }
  if (plain.type !== 'Identifier') return undefined;
  const initial = findVariable(program, plain.name)?.init;
  if (initial == null) return undefined;
  const object = withoutTypes(initial);
  if (object.type === 'ObjectExpression') return { place: expression, object };
  return object.type === 'CallExpression' ? findObject(object, program) : undefined;
}

function wrap(place: Expression, zone: ShellZone, { quote }: SourceStyle): TextEdit[] {
  const { start, end } = placeOf(place);
  return [
    { start, end: start, text: 'withZone(' },
    { start: end, end, text: `, ${zoneOptions(zone, quote)})` },
  ];
}

function importZone(program: Program, isCommonJs: boolean, style: SourceStyle): TextEdit[] {
  if (!isCommonJs) return addImports(program, [zoneImport], style);
  const { quote, semicolon, newline } = style;
  const first = program.body[0];
  // A comment in front may give the type of what follows.
  const start = first === undefined ? 0 : (first.leadingComments?.[0]?.start ?? placeOf(first).start);
  const line = `const { withZone } = require(${quote}${zoneImport.from}${quote})${semicolon}${newline}`;
  return [{ start, end: start, text: line }];
}

function switchOff(object: ObjectExpression): { readonly edits: TextEdit[]; readonly names: readonly string[] } {
  const edits: TextEdit[] = [];
  const names: string[] = [];
  for (const node of walk(object)) {
    if (node.type !== 'ObjectProperty') continue;
    const name = nameOfKey(node.key);
    if (name === undefined || !switchedOff.has(name)) continue;
    if (node.value.type !== 'BooleanLiteral' || !node.value.value) continue;
    edits.push({ ...placeOf(node.value), text: 'false' });
    names.push(name);
  }
  return { edits, names };
}

function requiresZone(text: string): boolean {
  return /require\(\s*['"]@sallyport\/nextjs\/zone['"]\s*\)/.test(text);
}
