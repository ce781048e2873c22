/** An account of the system under test. */
export interface TestAccount {
  readonly email: string;
  readonly password: string;
  /** Gives a code of the second factor, where the account has one. */
  readonly code?: () => string | Promise<string>;
  /** How that code was got. @default 'totp' */
  readonly method?: 'totp' | 'email' | 'sms' | 'recovery-code';
}

/** What is used of a page of Playwright. */
export interface BrowserPage {
  context(): { newPage(): Promise<BrowserTab> };
  url(): string;
}

/** What is used of the page that the sign-in opens beside it. */
export interface BrowserTab {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Where the gateway answers without a page: scripts there are of its origin. */
const plainPath = '/healthz';

/**
 * Signs a browser in without its forms: the session is a real one, made by the gateway for this account, and its cookie is
 * in the context of the page, where all pages of the context have it from the next request on. The page stays where it is.
 *
 * The gateway is where the page is, or at the `baseURL` of the context while the page is blank.
 *
 * @throws Error that names the account and the code of the gateway's refusal, never the password.
 * @example
 * test('a vendor sees their products', async ({ page }) => {
 *   await signInAs(page, { email: 'vendor@example.com', password: process.env.VENDOR_PASSWORD ?? '' });
 *   await page.goto('/products');
 * });
 */
export async function signInAs(page: BrowserPage, account: TestAccount): Promise<void> {
  const { email, password, code, method = 'totp' } = account;
  const tab = await page.context().newPage();
  try {
    await tab.goto(/^https?:/.test(page.url()) ? new URL(plainPath, page.url()).href : plainPath);
    const { status } = await post(tab, '/auth/sign-in/email', { email, password }, email);
    if (status === 'signed-in') return;
    if (status !== 'second-factor-required' || code === undefined)
      throw new Error(`${email} is not signed in yet (${String(status)}): give signInAs a code of the second factor`);
    await post(tab, '/auth/second-factor/verify', { method, code: await code() }, email);
  } finally {
    await tab.close();
  }
}

type Answer = Readonly<Record<string, unknown>>;

/** Sends JSON as a script of the gateway's own pages does: from other places a change of state is refused. */
async function post(tab: BrowserTab, path: string, body: object, email: string): Promise<Answer> {
  const [url, json] = [JSON.stringify(path), JSON.stringify(JSON.stringify(body))];
  const answer = await tab.evaluate(
    `fetch(${url}, { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${json} })
      .then(async (answer) => ({ status: answer.status, origin: location.origin, text: await answer.text() }))`,
  );
  // The expression gives an object of this shape.
  const { status, origin, text } = answer as {
    readonly status: number;
    readonly origin: string;
    readonly text: string;
  };
  const said = parseObject(text);
  if (status === 200) return said;
  const code = typeof said['code'] === 'string' ? `, ${said['code']}` : '';
  throw new Error(`${origin} refused to sign in ${email}: ${status}${code}`);
}

/** Empty where a page came instead of JSON: the status says enough. */
function parseObject(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer) : {};
  } catch {
    return {};
  }
}
