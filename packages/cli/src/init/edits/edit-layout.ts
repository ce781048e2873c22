import type { Function as FunctionNode, JSXElement, JSXExpressionContainer, Program } from '@babel/types';
import { addImports, findTakenName, hasImport, type WantedImport } from '../source/add-import.ts';
import { findVariable, placeOf, walk, withoutTypes } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import { indentAt, readStyle, type SourceStyle } from '../source/source-style.ts';
import { applyEdits, type TextEdit } from '../source/text-edit.ts';
import { notUnderstood, unchanged, type EditResult } from './edit-result.ts';

const wanted: readonly WantedImport[] = [
  { names: ['SallyportProvider'], from: '@sallyport/nextjs/client' },
  { names: ['auth', 'clientAuth'], from: '@sallyport/nextjs/server' },
];

/** Puts `SallyportProvider` around the children of the root layout. */
export function editLayout(text: string, file: string): EditResult {
  const program = parseSource(text, file);
  if (hasImport(program, 'SallyportProvider', '@sallyport/nextjs/client')) return unchanged;
  if (program.directives.some(({ value }) => value.value === 'use client'))
    return notUnderstood('it is a client component, and who is signed in is known on the server');
  const taken = wanted.map((each) => findTakenName(program, each)).find((name) => name !== undefined);
  if (taken !== undefined) return notUnderstood(`it has something of its own that is called ${taken}`);
  const layout = findDefaultFunction(program);
  if (layout === undefined) return notUnderstood('its default export is not a function that is written out there');
  const children = findChildren(layout);
  if (children === undefined) return notUnderstood('{children} does not stand in its <body>, once');

  const style = readStyle(text);
  return {
    kind: 'changed',
    text: applyEdits(text, [
      ...addImports(program, wanted, style),
      ...makeAsync(layout),
      ...wrap(text, children, style),
    ]),
  };
}

/** On a line of their own the children get the provider around them there; in the middle of one it is broken up. */
function wrap(text: string, children: JSXExpressionContainer, { newline, indent: step }: SourceStyle): TextEdit[] {
  const { start, end } = placeOf(children);
  const base = indentAt(text, start);
  const isAlone = text.slice(0, start).endsWith(`${newline}${base}`);
  const inner = isAlone ? `${base}${step}` : `${base}${step}${step}`;
  const outer = isAlone ? base : `${base}${step}`;
  const opening = `<SallyportProvider initial={clientAuth(await auth())}>${newline}${inner}`;
  const closing = `${newline}${outer}</SallyportProvider>`;
  return [
    { start, end: start, text: isAlone ? opening : `${newline}${outer}${opening}` },
    { start: end, end, text: isAlone ? closing : `${closing}${newline}${base}` },
  ];
}

function findDefaultFunction(program: Program): FunctionNode | undefined {
  for (const statement of program.body) {
    if (statement.type !== 'ExportDefaultDeclaration') continue;
    const { declaration } = statement;
    if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ArrowFunctionExpression')
      return declaration;
    if (declaration.type !== 'Identifier') return undefined;
    const named = program.body.find((one) => one.type === 'FunctionDeclaration' && one.id?.name === declaration.name);
    if (named?.type === 'FunctionDeclaration') return named;
    const initial = findVariable(program, declaration.name)?.init;
    const value = initial == null ? undefined : withoutTypes(initial);
    return value?.type === 'ArrowFunctionExpression' || value?.type === 'FunctionExpression' ? value : undefined;
  }
  return undefined;
}

/** The one `{children}` in the `<body>` that the function itself returns. */
function findChildren(layout: FunctionNode): JSXExpressionContainer | undefined {
  const bodies = [...walk(layout.body)].filter((node) => node.type === 'JSXElement' && isBody(node));
  if (bodies.length !== 1 || bodies[0] === undefined) return undefined;
  const found = [...walk(bodies[0])].filter(
    (node) =>
      node.type === 'JSXExpressionContainer' &&
      ((node.expression.type === 'Identifier' && node.expression.name === 'children') ||
        (node.expression.type === 'MemberExpression' &&
          node.expression.property.type === 'Identifier' &&
          node.expression.property.name === 'children')),
  );
  const [only, other] = found;
  return only?.type === 'JSXExpressionContainer' && other === undefined ? only : undefined;
}

function isBody({ openingElement: { name } }: JSXElement): boolean {
  return name.type === 'JSXIdentifier' && name.name === 'body';
}

function makeAsync(layout: FunctionNode): TextEdit[] {
  if (layout.async) return [];
  const { start } = placeOf(layout);
  const edits: TextEdit[] = [{ start, end: start, text: 'async ' }];
  const annotation = layout.returnType;
  if (annotation?.type === 'TSTypeAnnotation') {
    const place = placeOf(annotation.typeAnnotation);
    edits.push(
      { start: place.start, end: place.start, text: 'Promise<' },
      { start: place.end, end: place.end, text: '>' },
    );
  }
  return edits;
}
