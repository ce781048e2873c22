import type { ObjectExpression, Program } from '@babel/types';
import { exitCodes, UsageError } from '@sallyport/core';
import { findVariable, nameOfKey, walk, withoutTypes } from '../source/nodes.ts';
import { parseSource } from '../source/parse-source.ts';
import type { Repository } from './repository.ts';

/** What a configuration that is there already says, as far as it is written out. */
export interface GatewayConfig {
  readonly file: string;
  readonly publicUrl: string | undefined;
  /** Name of the product. */
  readonly brandName: string | undefined;
  readonly internalPort: number | undefined;
  /** Every audience that a route names, and every zone. */
  readonly audiences: ReadonlySet<string>;
}

const names = ['sallyport.config.ts', 'sallyport.config.mts', 'sallyport.config.mjs', 'sallyport.config.js'];

/**
 * Reads the configuration of a gateway without running it.
 *
 * @throws UsageError when it cannot be parsed, exports nothing, or there are two.
 */
export function readGatewayConfig(repository: Repository): GatewayConfig | undefined {
  const [file, other] = names.filter((name) => repository.has(name));
  if (file === undefined) return undefined;
  if (other !== undefined) throw refusal(`There are ${file} and ${other}: keep one.`);
  const program = parseSource(repository.read(file) ?? '', file);
  const config = findConfig(program);
  if (config === undefined)
    throw refusal(`${file} cannot be read: it has no export default defineConfig({ … }) that is written out there.`);
  const internal = valueOf(config, 'internal');
  const port = internal?.type === 'ObjectExpression' ? valueOf(internal, 'port') : undefined;
  const publicUrl = valueOf(config, 'publicUrl');
  const brand = valueOf(config, 'brand');
  const brandName = brand?.type === 'ObjectExpression' ? valueOf(brand, 'name') : undefined;
  return {
    file,
    publicUrl: publicUrl?.type === 'StringLiteral' ? publicUrl.value : undefined,
    brandName: brandName?.type === 'StringLiteral' ? brandName.value : undefined,
    internalPort: port?.type === 'NumericLiteral' ? port.value : undefined,
    audiences: findAudiences(config),
  };
}

function findConfig(program: Program): ObjectExpression | undefined {
  for (const statement of program.body) {
    if (statement.type !== 'ExportDefaultDeclaration') continue;
    const { declaration } = statement;
    const named = declaration.type === 'Identifier' ? findVariable(program, declaration.name)?.init : declaration;
    if (named == null || named.type === 'FunctionDeclaration' || named.type === 'ClassDeclaration') return undefined;
    if (named.type === 'TSDeclareFunction') return undefined;
    const plain = withoutTypes(named);
    const argument = plain.type === 'CallExpression' ? plain.arguments[0] : plain;
    return argument?.type === 'ObjectExpression' ? argument : undefined;
  }
  return undefined;
}

function valueOf(object: ObjectExpression, name: string): ObjectExpression['properties'][number] | undefined | Value {
  for (const property of object.properties)
    if (property.type === 'ObjectProperty' && nameOfKey(property.key) === name) return property.value;
  return undefined;
}

type Value = Extract<ObjectExpression['properties'][number], { type: 'ObjectProperty' }>['value'];

/** `audience: 'api'` of routes, and `zone('web', …)`. */
function findAudiences(config: ObjectExpression): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of walk(config)) {
    const isAudience = node.type === 'ObjectProperty' && nameOfKey(node.key) === 'audience';
    if (isAudience && node.value.type === 'StringLiteral') found.add(node.value.value);
    if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'zone') continue;
    const [name] = node.arguments;
    if (name?.type === 'StringLiteral') found.add(name.value);
  }
  return found;
}

function refusal(message: string): UsageError {
  return new UsageError(`${message} Nothing was changed.`, exitCodes.refused);
}
