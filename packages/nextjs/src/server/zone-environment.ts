import { problemOfSharedSecrets } from '@sallyport/core';
import { SallyportConfigurationError } from './configuration-error.ts';

/** Where this application stands: behind which gateway, and under which name. */
export interface ZoneEnvironment {
  readonly publicUrl: string;
  readonly internalUrl: string;
  readonly audience: string;
  /** What the gateway signs with instead of keys that it publishes; absent in most deployments. */
  readonly tokenSecret?: string;
}

/**
 * Reads where this application stands, from the environment. Call it at the first request and not before, because
 * `next build` loads every module without that environment.
 *
 * @throws SallyportConfigurationError with every problem at once.
 */
export function loadZoneEnvironment(
  // oxlint-disable-next-line node/no-process-env -- Next has no place where an application is put together: this file is it
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ZoneEnvironment {
  const publicUrl = environment['SALLYPORT_PUBLIC_URL'];
  const internalUrl = environment['SALLYPORT_INTERNAL_URL'];
  const audience = environment['SALLYPORT_AUDIENCE'];
  const tokenSecret = environment['SALLYPORT_TOKEN_SECRET'] ?? '';
  const problems = [
    originProblem('SALLYPORT_PUBLIC_URL', publicUrl, 'the origin that browsers see, such as https://app.example.com'),
    originProblem(
      'SALLYPORT_INTERNAL_URL',
      internalUrl,
      "the gateway's internal listener, such as http://127.0.0.1:3001",
    ),
    audienceProblem(audience),
    tokenSecretProblem(tokenSecret),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0 || publicUrl === undefined || internalUrl === undefined || audience === undefined) {
    throw new SallyportConfigurationError(problems);
  }
  return {
    publicUrl: new URL(publicUrl).origin,
    internalUrl: new URL(internalUrl).origin,
    audience,
    ...(tokenSecret === '' ? {} : { tokenSecret }),
  };
}

function originProblem(key: string, value: string | undefined, meaning: string): string | undefined {
  if (value === undefined || value === '') return `${key} is not set: it is ${meaning}`;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  return isOrigin ? undefined : `${key} is not an http(s) origin: it is ${meaning}`;
}

function audienceProblem(value: string | undefined): string | undefined {
  if (value === undefined || value === '')
    return "SALLYPORT_AUDIENCE is not set: it is the audience in this application's route at the gateway";
  return /^[a-z][a-z0-9-]*$/.test(value)
    ? undefined
    : 'SALLYPORT_AUDIENCE is not a name of lower-case letters, digits and dashes';
}

function tokenSecretProblem(value: string): string | undefined {
  const problem = value === '' ? undefined : problemOfSharedSecrets(value);
  return problem === undefined ? undefined : `SALLYPORT_TOKEN_SECRET ${problem}`;
}
