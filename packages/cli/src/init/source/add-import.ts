import type { ImportDeclaration, Program } from '@babel/types';
import { placeOf } from './nodes.ts';
import type { SourceStyle } from './source-style.ts';
import type { TextEdit } from './text-edit.ts';

/** What a module needs from another one. */
export interface WantedImport {
  readonly names: readonly string[];
  readonly from: string;
}

/** Adds what is missing after the last import, or to the import of the same module. */
export function addImports(program: Program, wanted: readonly WantedImport[], style: SourceStyle): TextEdit[] {
  const imports = program.body.filter((statement) => statement.type === 'ImportDeclaration');
  const edits: TextEdit[] = [];
  const lines: string[] = [];
  for (const { names, from } of wanted) {
    const same = imports.find((found) => found.source.value === from && takesNames(found));
    const present = same === undefined ? [] : importedNames(same);
    const missing = names.filter((name) => !present.includes(name));
    const last = same?.specifiers.at(-1);
    if (missing.length === 0) continue;
    if (last === undefined) lines.push(writeImport({ names: missing, from }, style));
    else edits.push({ ...at(placeOf(last).end), text: `, ${missing.join(', ')}` });
  }
  if (lines.length > 0) edits.push(insertLines(program, imports.at(-1), lines, style));
  return edits;
}

/** One line that imports names. */
export function writeImport({ names, from }: WantedImport, { quote, semicolon }: SourceStyle): string {
  return `import { ${names.join(', ')} } from ${quote}${from}${quote}${semicolon}`;
}

/** Whether the module already takes a name from a module, under this name. */
export function hasImport(program: Program, name: string, from: string): boolean {
  return program.body.some(
    (statement) =>
      statement.type === 'ImportDeclaration' &&
      statement.source.value === from &&
      importedNames(statement).includes(name),
  );
}

/** The first of the names that the module uses for something of its own. */
export function findTakenName(program: Program, { names, from }: WantedImport): string | undefined {
  const own = program.body.flatMap((statement) => {
    if (statement.type === 'ImportDeclaration')
      return statement.source.value === from ? [] : statement.specifiers.map(({ local }) => local.name);
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'VariableDeclaration')
      return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    const isNamed = declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration';
    return isNamed && declaration.id != null ? [declaration.id.name] : [];
  });
  return names.find((name) => own.includes(name));
}

function takesNames({ specifiers, importKind }: ImportDeclaration): boolean {
  return importKind !== 'type' && specifiers.at(-1)?.type === 'ImportSpecifier';
}

function importedNames({ specifiers, importKind }: ImportDeclaration): readonly string[] {
  if (importKind === 'type') return [];
  return specifiers.flatMap((specifier) =>
    specifier.type === 'ImportSpecifier' && specifier.importKind !== 'type' ? [specifier.local.name] : [],
  );
}

function insertLines(
  program: Program,
  last: ImportDeclaration | undefined,
  lines: readonly string[],
  { newline }: SourceStyle,
): TextEdit {
  if (last !== undefined) return { ...at(placeOf(last).end), text: lines.map((line) => `${newline}${line}`).join('') };
  const first = program.body[0];
  const start =
    first === undefined ? placeOf(program).end : (first.leadingComments?.[0]?.start ?? placeOf(first).start);
  return { ...at(start), text: `${lines.join(newline)}${newline}${newline}` };
}

function at(offset: number): { readonly start: number; readonly end: number } {
  return { start: offset, end: offset };
}
