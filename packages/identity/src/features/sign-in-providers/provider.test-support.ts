import type { Caller, ProviderSignInAnswer } from '@sallyport/core';
import { startHarness, type Answer, type Harness, type HarnessOptions } from '../../identity.test-support.ts';
import type { ProviderStandIn, StandInClaims } from './provider-stand-in.test-support.ts';

type ProviderSection = NonNullable<NonNullable<HarnessOptions['features']>['signInProviders']>;
type OidcSection = NonNullable<ProviderSection['oidc']>[string];

/** Identity with one provider, `acme`, which is believed about addresses of example.test. */
export function startProviderHarness(
  standIn: ProviderStandIn,
  change: Partial<OidcSection> = {},
  options: HarnessOptions = {},
): Promise<Harness> {
  const acme = { ...acmeOf(standIn), ...change };
  return startHarness({
    providerSecrets: () => new Map([['acme', standIn.clientSecret]]),
    ...options,
    features: { signInProviders: { oidc: { acme } }, ...options.features },
  });
}

/** The section of the stand-in, which is believed about addresses of example.test. */
export function acmeOf({ issuer, clientId }: Pick<ProviderStandIn, 'issuer' | 'clientId'>) {
  return { name: 'Acme SSO', issuer, clientId, trustedEmailDomains: ['example.test'] };
}

/** A browser with a jar of cookies, which goes where it is sent. */
export interface ProviderBrowser {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** Posts a form from another site: without the cookies that browsers keep back, which are those of this browser. */
  postForm(path: string, form: Readonly<Record<string, string>>): Promise<Answer>;
  caller(): Promise<Caller | undefined>;
  readonly cookies: Map<string, string>;
}

/** Opens a browser. It sends no session to the callback, as the gateway does. */
export function openBrowser(harness: Harness, address = '203.0.113.7'): ProviderBrowser {
  const cookies = new Map<string, string>();
  const caller = async (): Promise<Caller | undefined> => {
    const token = cookies.get('sallyport-3000');
    return token === undefined ? undefined : (await harness.identity.directory.byToken(token))?.principal;
  };
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
    rawBody?: string,
  ): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const known = path.startsWith('/auth/callback') ? undefined : await caller();
    const answer = await harness.call(method, path, body, {
      address,
      headers: { ...(cookie === '' || rawBody !== undefined ? {} : { cookie }), ...headers },
      ...(known === undefined ? {} : { caller: known }),
      ...(rawBody === undefined ? {} : { rawBody }),
    });
    if (answer.status === 500) throw new Error(`${answer.text}\n${harness.logLines.join('\n')}`);
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0(;|$)/.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  return {
    cookies,
    caller,
    get: (path, headers = { accept: 'text/html' }) => send('GET', path, undefined, headers),
    post: (path, body) => send('POST', path, body, {}),
    delete: (path) => send('DELETE', path, undefined, {}),
    postForm: (path, form) =>
      send(
        'POST',
        path,
        undefined,
        { 'content-type': 'application/x-www-form-urlencoded' },
        new URLSearchParams(form).toString(),
      ),
  };
}

/** Begins a flow, and resolves to where the browser is sent. */
export async function begin(
  browser: ProviderBrowser,
  path = '/auth/sign-in/provider',
  body: Readonly<Record<string, unknown>> = { provider: 'acme' },
): Promise<string> {
  const answer = await browser.post(path, body);
  if (answer.status !== 200) throw new Error(`no flow was begun: ${answer.text}`);
  return (answer.body as ProviderSignInAnswer).location;
}

/** Signs in at the stand-in, and comes back. */
export async function signInAt(
  standIn: ProviderStandIn,
  browser: ProviderBrowser,
  person: StandInClaims,
  change: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const back = standIn.authorize(await begin(browser), person, change);
  return browser.get(back.pathname + back.search);
}

/** Where an answer leads. */
export function placeOf(answer: Answer): string {
  return answer.headers.get('location') ?? '';
}
