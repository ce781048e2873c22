import * as z from 'zod';
import { hasRepeatedMember, readBytesWithin, SallyportError, type FieldError } from '@sallyport/core';

/** The most that a request of identity may hold. */
export const maximumBodyBytes = 16 * 1024;

/**
 * Reads a JSON object of a known shape.
 *
 * @throws `SP_MEDIA_TYPE_UNSUPPORTED`, `SP_BODY_TOO_LARGE`, `SP_JSON_MALFORMED`, or `SP_VALIDATION_FAILED` that names
 *   each field, unknown ones included, and repeats none of their values.
 */
export async function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.infer<Schema>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-json' });
  return check(parseObject(await readText(request)), schema);
}

/** Reads a request that carries nothing: no body, or an empty JSON object. */
export async function readNothing(request: Request): Promise<void> {
  const text = await readText(request);
  if (text !== '') check(parseObject(text), z.strictObject({}));
}

/**
 * Reads the query of a request, whose parameters are known to come once each.
 *
 * @throws `SP_VALIDATION_FAILED` that names each parameter, unknown ones included, and repeats none of their values.
 */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.infer<Schema> {
  return check(Object.fromEntries(new URL(request.url).searchParams), schema);
}

function check<Schema extends z.ZodType>(value: unknown, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'fields-invalid',
    errors: result.error.issues.flatMap(toFieldErrors),
  });
}

function toFieldErrors(issue: z.core.$ZodIssue): readonly FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      field: [...issue.path, toShownName(key)].join('.'),
      message: 'is not a known field',
    }));
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  return [{ field: issue.path.join('.'), message: isMissing ? 'is required' : issue.message }];
}

/** The name of an unknown field is the caller's text: cut, and free of what could disturb a log or a terminal. */
function toShownName(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}

function parseObject(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SallyportError('SP_JSON_MALFORMED', { reason: 'not-json' });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SallyportError('SP_JSON_MALFORMED', { reason: 'not-json' });
  if (hasRepeatedMember(text)) throw new SallyportError('SP_JSON_MALFORMED', { reason: 'repeated-member' });
  return value;
}

/** `undefined` for a body that is too large. */
async function readBytes(request: Request): Promise<Uint8Array | undefined> {
  const length = request.headers.get('content-length');
  // Such a body has that many bytes, as the parser of HTTP sees to: it is read at once, without the cost of a stream.
  if (length === null || !/^\d{1,5}$/.test(length)) return readBytesWithin(request.body, maximumBodyBytes);
  return Number(length) > maximumBodyBytes ? undefined : new Uint8Array(await request.arrayBuffer());
}

async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  if (bytes === undefined) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SallyportError('SP_JSON_MALFORMED', { reason: 'not-json' });
  }
}
