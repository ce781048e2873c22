import type { Expression, Node, Program, VariableDeclarator } from '@babel/types';

/** A node whose place in the text is known, as it is for all that a parser made. */
export interface Placed {
  readonly start: number;
  readonly end: number;
}

/** Where a node stands. */
export function placeOf(node: Node): Placed {
  const { start, end } = node;
  if (start == null || end == null) throw new TypeError('the node was not made by the parser');
  return { start, end };
}

/** The expression without what only the type checker sees: `as`, `satisfies`, `!`, parentheses. */
export function withoutTypes(expression: Expression): Expression {
  const isTyped =
    expression.type === 'TSAsExpression' ||
    expression.type === 'TSSatisfiesExpression' ||
    expression.type === 'TSNonNullExpression' ||
    expression.type === 'TSTypeAssertion' ||
    expression.type === 'ParenthesizedExpression';
  return isTyped ? withoutTypes(expression.expression) : expression;
}

/** Every node of a tree, in the order of the text. */
export function* walk(root: Node): Generator<Node> {
  yield root;
  for (const value of Object.values(root) as readonly unknown[])
    for (const child of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (isNode(child)) yield* walk(child);
}

/** The declaration of a constant or a variable at the top level of a module. */
export function findVariable(program: Program, name: string): VariableDeclarator | undefined {
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') continue;
    const found = declaration.declarations.find(({ id }) => id.type === 'Identifier' && id.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of a plain property, such as `imports` in `{ imports: [] }` and in `{ 'imports': [] }`. */
export function nameOfKey(key: Node): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'StringLiteral' ? key.value : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'loc' in value;
}
