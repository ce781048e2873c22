import * as z from 'zod';

/** Locales that Next.js serves in front of paths. */
export const localesSchema = z
  .array(z.string().regex(/^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/, 'must be a locale such as "de" or "en-GB"'))
  .readonly()
  .default([])
  .describe('Locales that Next.js serves in front of paths: rules for /admin then hold for /de/admin too, in any case');
