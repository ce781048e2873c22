import type { ArrayExpression, ClassDeclaration, Decorator, ObjectExpression, Program } from '@babel/types';
import { addImports, findTakenName, hasImport } from '../source/add-import.ts';
import { nameOfKey, placeOf } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import { indentAt, readStyle, type SourceStyle } from '../source/source-style.ts';
import { applyEdits, type TextEdit } from '../source/text-edit.ts';
import { notUnderstood, unchanged, type EditResult } from './edit-result.ts';

/** How a service recognises the tokens that are made for it. */
export interface ServiceTrust {
  readonly audience: string;
  /** What stands in the environment otherwise. */
  readonly publicUrl: string;
  readonly internalUrl: string;
}

const moduleImport = { names: ['SallyportModule'], from: '@sallyport/nestjs' };

/** Puts `SallyportModule` in front of the imports of a Nest module. */
export function editAppModule(text: string, file: string, className: string, trust: ServiceTrust): EditResult {
  const program = parseSource(text, file);
  if (hasImport(program, 'SallyportModule', moduleImport.from)) return unchanged;
  if (findTakenName(program, moduleImport) !== undefined)
    return notUnderstood('it has a SallyportModule that is not ours');
  const found = findClass(program, className);
  if (found === undefined) return notUnderstood(`it has no class ${className}`);
  const decorator = found.decorators?.find((one) => isCallOf(one, 'Module'));
  if (decorator === undefined) return notUnderstood(`${className} has no @Module({ … })`);

  const style = readStyle(text);
  const edit = addToModule(text, decorator, trust, style);
  if (edit === undefined) return notUnderstood('the imports of @Module are not a list that is written out there');
  return { kind: 'changed', text: applyEdits(text, [...addImports(program, [moduleImport], style), edit]) };
}

/** The lines that people add by hand. */
export function writeModuleCall(trust: ServiceTrust, style: SourceStyle, indent: string): string {
  const { quote, newline, indent: step } = style;
  const variable = (name: string, otherwise: string): string =>
    `\${process.env[${quote}${name}${quote}] ?? ${quote}${otherwise}${quote}}`;
  return [
    'SallyportModule.forRoot({',
    `${step}issuer: \`${variable('SALLYPORT_PUBLIC_URL', trust.publicUrl)}/internal\`,`,
    `${step}audience: ${quote}${trust.audience}${quote},`,
    `${step}keysUrl: \`${variable('SALLYPORT_INTERNAL_URL', trust.internalUrl)}/internal/.well-known/jwks.json\`,`,
    `${step}revocations: {},`,
    '})',
  ].join(`${newline}${indent}`);
}

function addToModule(
  text: string,
  decorator: Decorator,
  trust: ServiceTrust,
  style: SourceStyle,
): TextEdit | undefined {
  const { expression } = decorator;
  if (expression.type !== 'CallExpression') return undefined;
  const [metadata] = expression.arguments;
  const { newline, indent: step } = style;
  const base = indentAt(text, placeOf(decorator).start);
  if (metadata === undefined) {
    const start = placeOf(expression).end - 1;
    const call = writeModuleCall(trust, style, `${base}${step}${step}`);
    const lines = ['{', `${step}imports: [`, `${step}${step}${call},`, `${step}],`, '}'];
    return { start, end: start, text: lines.join(`${newline}${base}`) };
  }
  if (metadata.type !== 'ObjectExpression') return undefined;
  const property = findProperty(metadata, 'imports');
  if (property === 'unclear') return undefined;
  if (property !== undefined) return addToList(text, property, trust, style);
  const start = placeOf(metadata).start + 1;
  const call = writeModuleCall(trust, style, `${base}${step}${step}`);
  const lines = ['', `${step}imports: [`, `${step}${step}${call},`, `${step}],`];
  const rest = metadata.properties.length === 0 ? `${newline}${base}` : '';
  return { start, end: start, text: lines.join(`${newline}${base}`) + rest };
}

/** Spreads may hold imports of their own, which the ones that are written after them would replace. */
function findProperty(metadata: ObjectExpression, name: string): ArrayExpression | 'unclear' | undefined {
  for (const property of metadata.properties) {
    if (property.type === 'SpreadElement') return 'unclear';
    if (property.type !== 'ObjectProperty' || property.computed || nameOfKey(property.key) !== name) continue;
    return property.value.type === 'ArrayExpression' ? property.value : 'unclear';
  }
  return undefined;
}

/** In a list on several lines it gets lines of its own; a list on one line is broken up in front of what it holds. */
function addToList(text: string, list: ArrayExpression, trust: ServiceTrust, style: SourceStyle): TextEdit {
  const { newline, indent: step } = style;
  const start = placeOf(list).start + 1;
  const outer = indentAt(text, start);
  const inner = `${outer}${step}`;
  const call = `${newline}${inner}${writeModuleCall(trust, style, inner)},`;
  const [first] = list.elements;
  if (first == null) return { start, end: placeOf(list).end - 1, text: `${call}${newline}${outer}` };
  const isBroken = text.slice(start, placeOf(first).start).includes('\n');
  if (isBroken) return { start, end: start, text: call };
  const end = placeOf(list).end - 1;
  const others = text.slice(start, end).trim().replace(/,$/, '');
  return { start, end, text: `${call}${newline}${inner}${others},${newline}${outer}` };
}

function findClass(program: Program, name: string): ClassDeclaration | undefined {
  for (const statement of program.body) {
    const isExport = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const declaration = isExport ? statement.declaration : statement;
    if (declaration?.type === 'ClassDeclaration' && declaration.id?.name === name) return declaration;
  }
  return undefined;
}

function isCallOf({ expression }: Decorator, name: string): boolean {
  return (
    expression.type === 'CallExpression' && expression.callee.type === 'Identifier' && expression.callee.name === name
  );
}
