import { hasRepeatedParameter, readBytesWithin, SallyportError } from '@sallyport/core';

/** The fields of a form. One that was not sent is an empty text. */
export interface FormFields {
  of(name: string): string;
  /** Several fields at once, by name. */
  pick<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, string>>;
  /** What stands behind a prefix in the names of ticked boxes: a field comes once, so that each box has a name of its own. */
  ticked(prefix: string): readonly string[];
}

/** The most that a form may hold, as for the JSON of identity. */
const maxFormBytes = 16 * 1024;

/**
 * Reads a form as a browser sends it without script.
 *
 * Browsers say where a form comes from, and the gateway has refused what comes from elsewhere. Unlike the JSON of identity,
 * which programs send too, a form that says nothing of it is refused, signed in or not: any site can make a browser send one.
 *
 * @throws `SP_CROSS_SITE_REQUEST`, `SP_MEDIA_TYPE_UNSUPPORTED`, `SP_BODY_TOO_LARGE`, or `SP_REQUEST_AMBIGUOUS` for a field that comes twice.
 */
export async function readForm(request: Request): Promise<FormFields> {
  const { headers } = request;
  if (!headers.has('origin') && !headers.has('sec-fetch-site'))
    throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'source-unknown' });
  const type = headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-a-form' });
  const fields = new URLSearchParams(await readText(request));
  if (hasRepeatedParameter(fields)) throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'repeated-field' });
  const of = (name: string): string => fields.get(name) ?? '';
  return {
    of,
    pick: <Name extends string>(...names: readonly Name[]) =>
      Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, string>, // One entry for each name.
    ticked: (prefix) =>
      [...fields.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  };
}

async function readText(request: Request): Promise<string> {
  const bytes = await readBytesWithin(request.body, maxFormBytes);
  if (bytes === undefined) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'form-limit' });
  return bytes.toString('utf8');
}
