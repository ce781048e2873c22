import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { toSchemaRows, typeOf, type SchemaNode } from './schema-rows.ts';

describe('a reference table', () => {
  it('has one row for each key, nested ones by path', () => {
    const schema = z.strictObject({
      url: z.string().describe('Address'),
      listen: z.strictObject({ port: z.number().int().min(0).max(9).default(3) }).prefault({}),
      hosts: z.array(z.string()).optional(),
    });
    const json = z.toJSONSchema(schema, { io: 'input' }) as SchemaNode;
    expect(toSchemaRows(json)).toEqual([
      { key: 'url', type: 'string', default: 'required', description: 'Address' },
      { key: 'listen', type: 'object', default: '', description: '' },
      { key: 'listen.port', type: 'integer ≥ 0, ≤ 9', default: '`3`', description: '' },
      { key: 'hosts', type: 'list of string', default: '', description: '' },
    ]);
  });

  it('has the keys of every entry of a record, whatever its name', () => {
    const entry = z.strictObject({ issuer: z.string().describe('Its address') });
    const json = z.toJSONSchema(z.strictObject({ oidc: z.record(z.string(), entry) }), { io: 'input' }) as SchemaNode;
    expect(toSchemaRows(json)).toEqual([
      { key: 'oidc', type: 'object', default: 'required', description: '' },
      { key: 'oidc.<name>.issuer', type: 'string', default: 'required', description: 'Its address' },
    ]);
  });

  it.each([
    { schema: z.enum(['a', 'b']), type: '"a" or "b"' },
    { schema: z.union([z.string(), z.array(z.string())]), type: 'string or list of string' },
    { schema: z.number().int().positive(), type: 'integer ≥ 1' },
    { schema: z.literal('x'), type: '"x"' },
  ])('says $type', ({ schema, type }) => {
    expect(typeOf(z.toJSONSchema(schema) as SchemaNode)).toBe(type);
  });
});
