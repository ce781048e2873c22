import type { ClassDeclaration, Program } from '@babel/types';
import { addImports, findTakenName } from '../source/add-import.ts';
import { placeOf } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import { indentAt, readStyle } from '../source/source-style.ts';
import { applyEdits, type TextEdit } from '../source/text-edit.ts';
import { notUnderstood, unchanged, type EditResult } from './edit-result.ts';

const accessImport = { names: ['Authenticated'], from: '@sallyport/nestjs' };

/**
 * Declares `@Authenticated()` on every controller of a file. A file that takes something from `@sallyport/nestjs` declares
 * its access already and is left as it is.
 */
export function editControllers(text: string, file: string): EditResult {
  const program = parseSource(text, file);
  const controllers = findControllers(program);
  if (controllers.length === 0 || importsFrom(program, accessImport.from)) return unchanged;
  if (findTakenName(program, accessImport) !== undefined)
    return notUnderstood('it has an Authenticated that is not ours');
  const style = readStyle(text);
  const edits: TextEdit[] = controllers.map((controller) => {
    const decorator = controller.decorators?.find(isController) ?? controller;
    const { start, end } = placeOf(decorator);
    return { start: end, end, text: `${style.newline}${indentAt(text, start)}@Authenticated()` };
  });
  return { kind: 'changed', text: applyEdits(text, [...addImports(program, [accessImport], style), ...edits]) };
}

/** Whether a file has a controller that declares no access. */
export function hasOpenController(text: string, file: string): boolean {
  // Parsing every file of a repository for a word that it does not hold would be a waste.
  if (!text.includes('@Controller') || !text.includes('@nestjs/common')) return false;
  return editControllers(text, file).kind !== 'unchanged';
}

function findControllers(program: Program): readonly ClassDeclaration[] {
  if (!importsFrom(program, '@nestjs/common')) return [];
  return program.body.flatMap((statement) => {
    const isExport = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const declaration = isExport ? statement.declaration : statement;
    return declaration?.type === 'ClassDeclaration' && declaration.decorators?.some(isController) === true
      ? [declaration]
      : [];
  });
}

function isController({ expression }: NonNullable<ClassDeclaration['decorators']>[number]): boolean {
  return (
    expression.type === 'CallExpression' &&
    expression.callee.type === 'Identifier' &&
    expression.callee.name === 'Controller'
  );
}

function importsFrom(program: Program, module: string): boolean {
  return program.body.some((statement) => statement.type === 'ImportDeclaration' && statement.source.value === module);
}
