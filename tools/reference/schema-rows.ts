/** The parts of a JSON Schema that a reference page shows. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
}

export interface SchemaRow {
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

const safeInteger = Number.MAX_SAFE_INTEGER;

/**
 * One row for each key of an object schema, nested keys after their parent as `parent.child`; what is the same for every
 * name of a record as `parent.<name>.child`.
 */
export function toSchemaRows(schema: SchemaNode, prefix = ''): SchemaRow[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const key = `${prefix}${name}`;
    const row = {
      key,
      type: typeOf(property),
      default: defaultOf(property, required.has(name)),
      description: property.description ?? '',
    };
    const isList = property.items?.properties !== undefined;
    const nested = isList ? [] : [...toSchemaRows(property, `${key}.`), ...rowsOfRecord(property, key)];
    return [row, ...nested];
  });
}

function rowsOfRecord({ additionalProperties }: SchemaNode, key: string): SchemaRow[] {
  return typeof additionalProperties === 'object' ? toSchemaRows(additionalProperties, `${key}.<name>.`) : [];
}

/** A type in words, such as `integer ≥ 1` or `"a" or "b"`. */
export function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.type === 'array') return `list of ${node.items === undefined ? 'anything' : typeOf(node.items)}`;
  if (node.type === 'integer' || node.type === 'number') return `${node.type}${boundsOf(node)}`;
  return node.type ?? 'anything';
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: SchemaNode): string {
  const lowest = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  const bounds = [
    lowest !== undefined && lowest > -safeInteger ? `≥ ${lowest}` : '',
    maximum !== undefined && maximum < safeInteger ? `≤ ${maximum}` : '',
  ].filter((bound) => bound !== '');
  return bounds.length === 0 ? '' : ` ${bounds.join(', ')}`;
}

function defaultOf(node: SchemaNode, isRequired: boolean): string {
  const isGroup = node.properties !== undefined;
  if (node.default !== undefined && !isGroup) return `\`${JSON.stringify(node.default)}\``;
  return isRequired && !isGroup ? 'required' : '';
}
