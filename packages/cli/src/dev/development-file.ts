import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import * as z from 'zod';

/** The file that `sallyport dev` reads. */
export const developmentFileName = 'sallyport.dev.json';

const applicationSchema = z.strictObject({
  /** In front of each of its lines; the audience of its tokens. */
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be a name of lower-case letters, digits and dashes'),
  folder: z.string().min(1),
  /** Command that runs it while people develop. */
  run: z.string().min(1),
  /** More variables, such as PORT. */
  environment: z.record(z.string(), z.string()).optional(),
});

const developmentFileSchema = z.strictObject({ applications: z.array(applicationSchema).min(1) });

/** What runs beside the gateway while people develop. */
export type DevelopmentFile = z.infer<typeof developmentFileSchema>;

/** Reads `sallyport.dev.json`. @throws UsageError that says what is wrong with it. */
export function readDevelopmentFile(folder: string): DevelopmentFile {
  const path = join(folder, developmentFileName);
  if (!existsSync(path))
    throw new UsageError(
      `There is no ${developmentFileName} here, which says what runs beside the gateway. "sallyport init" writes one; "sallyport start" runs the gateway alone.`,
      exitCodes.unavailable,
    );
  return parseDevelopmentFile(readFileSync(path, 'utf8'), exitCodes.unavailable);
}

/** Takes the text of `sallyport.dev.json` apart. @throws UsageError, with the exit code, that says what is wrong with it. */
export function parseDevelopmentFile(text: string, exitCode: number): DevelopmentFile {
  const parsed = developmentFileSchema.safeParse(parseJson(text, exitCode));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: place, message }) => `  ${place.join('.')}: ${message}`);
    throw new UsageError([`${developmentFileName} is not understood:`, ...problems].join('\n'), exitCode);
  }
  const names = parsed.data.applications.map(({ name }) => name);
  const twice = names.find((name, index) => name === 'gateway' || names.indexOf(name) !== index);
  if (twice === undefined) return parsed.data;
  throw new UsageError(`${developmentFileName} has two applications that are called "${twice}".`, exitCode);
}

function parseJson(text: string, exitCode: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${developmentFileName} is no JSON.`, exitCode);
  }
}
