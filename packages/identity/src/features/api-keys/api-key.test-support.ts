import { type AuthenticatedCaller, type Authenticator, type Caller, type MadeApiKeyAnswer } from '@sallyport/core';
import { startHarness, type Answer, type Harness, type HarnessOptions } from '../../identity.test-support.ts';

/** Identity with API keys, and certificates of service accounts. */
export function startKeyHarness(options: HarnessOptions = {}): Promise<Harness> {
  return startHarness({ ...options, features: { apiKeys: {}, mtls: {}, ...options.features } });
}

/** What the gateway asks. */
export function authenticatorOf({ identity }: Pick<Harness, 'identity'>): Authenticator {
  const authenticator = identity.authenticators.find(({ kind }) => kind === 'api-key');
  if (authenticator === undefined) throw new TypeError('there are no API keys');
  return authenticator;
}

/** What the gateway asks with the name in a certificate. */
export function certificateAuthenticator({ identity }: Pick<Harness, 'identity'>): Authenticator {
  const authenticator = identity.authenticators.find(({ kind }) => kind === 'mtls');
  if (authenticator === undefined) throw new TypeError('there are no certificates');
  return authenticator;
}

/** Presents the name in a certificate, and resolves to the caller, or to why there is none. */
export async function presentCertificate(harness: Harness, name: string): Promise<AuthenticatedCaller | string> {
  const outcome = await certificateAuthenticator(harness).authenticate(name);
  return outcome.kind === 'authenticated' ? outcome.caller : outcome.reason;
}

/** Makes a key as its owner does. */
export async function makeKey(
  harness: Harness,
  caller: Caller,
  change: Readonly<Record<string, unknown>> = {},
): Promise<MadeApiKeyAnswer> {
  const body = { name: 'Nightly export', scopes: ['product:read'], ...change };
  const answer = await harness.call('POST', '/auth/api-keys', body, { caller });
  if (answer.status !== 201) throw new TypeError(`no key was made: ${answer.text}`);
  return madeOf(answer);
}

/** The key in an answer. */
export function madeOf({ body }: Answer): MadeApiKeyAnswer {
  return body as MadeApiKeyAnswer;
}

/** Presents a secret, and resolves to the caller, or to why there is none. */
export async function present(harness: Harness, secret: string): Promise<AuthenticatedCaller | string> {
  const authenticator = authenticatorOf(harness);
  const credential = authenticator.recognize({ header: 'x-api-key', value: secret });
  const outcome = await authenticator.authenticate(credential ?? '');
  return outcome.kind === 'authenticated' ? outcome.caller : outcome.reason;
}

/** Asks an operation as the command line does. */
export async function operate(harness: Harness, name: string, input: object): Promise<unknown> {
  const operation = harness.identity.operations.find((one) => one.name === name);
  return operation?.run(input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
}
