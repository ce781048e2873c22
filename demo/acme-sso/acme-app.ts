import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import { acmeBasePath, acmeIssuer } from './acme-client.ts';
import { acmeDocument, acmeStyles } from './acme-document.ts';
import { acmePeople, findAcmePerson } from './acme-people.ts';
import { createAcmeProvider, type AcmeProviderOptions } from './acme-provider.ts';

/** No script and no frame. Forms lead on to the client, so there is no list of where they may lead. */
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Acme SSO: an OpenID provider with pages of its own, on which the demo and the tests play an outside company. Its accounts
 * are entered by a button. For loopback alone.
 */
export async function createAcmeApp(options: AcmeProviderOptions): Promise<Hono> {
  const { url, client } = options;
  const provider = await createAcmeProvider(options);
  const app = new Hono();

  app.use(async function sendHeaders(c, next) {
    await next();
    c.header('cache-control', 'no-store');
    // Not `no-referrer`: a form would then say `Origin: null`.
    c.header('referrer-policy', 'same-origin');
    c.header('x-content-type-options', 'nosniff');
  });
  // A page of another site must sign no browser in here: cookies alone would not tell it apart.
  app.post('*', async function refuseOtherOrigins(c, next) {
    if (!c.req.path.startsWith(`${acmeBasePath}/`) && c.req.header('origin') !== url) return c.text('Forbidden', 403);
    return next();
  });

  app.get('/acme.css', (c) => c.body(acmeStyles, 200, { 'content-type': 'text/css; charset=utf-8' }));

  app.get('/', async (c) => {
    const name = await readName(c);
    return page(
      c,
      'Acme SSO',
      name === undefined
        ? html`<p>The demo offers “Continue with Acme SSO”. You are not signed in here.</p>`
        : html`<p>You are signed in here as ${name}.</p>
            <form method="post" action="/sign-out"><button class="primary">Sign out of Acme SSO</button></form>`,
    );
  });

  app.get('/sign-in', (c) => {
    const query = new URL(c.req.url).search.slice(1);
    return page(
      c,
      'Choose an account',
      html`<p>to continue to the Sallyport demo</p>
        <form method="post" action="/sign-in">
          <input type="hidden" name="query" value="${query}" />
          <div class="people">
            ${acmePeople.map(
              ({ id, name, email, note }) =>
                html`<button name="person" value="${id}">
                  <strong>${name}</strong><span>${email}</span><span>${note}</span>
                </button>`,
            )}
          </div>
        </form>
        ${cancelForm(query)}`,
    );
  });

  app.post('/sign-in', async (c) => {
    const { person, query } = await readFields(c);
    const email = findAcmePerson(person)?.email;
    if (email === undefined) return c.text('There is no such account', 400);
    return follow(
      c,
      await call(c, 'POST', '/sign-in/email', { email, password: provider.password, oauth_query: query }),
    );
  });

  app.get('/consent', async (c) => {
    const query = new URL(c.req.url).search.slice(1);
    const name = await readName(c);
    return page(
      c,
      'Share who you are?',
      html`<p>The Sallyport demo asks Acme SSO for the name and the email address of ${name ?? 'your account'}.</p>
        <form method="post" action="/consent">
          <input type="hidden" name="query" value="${query}" />
          <button class="primary">Allow</button>
        </form>
        ${cancelForm(query)}`,
    );
  });

  app.post('/consent', async (c) => {
    const { query } = await readFields(c);
    return follow(c, await call(c, 'POST', '/oauth2/consent', { accept: true, oauth_query: query }));
  });

  // Before an account was chosen the library has no refusal to give: RFC 6749, section 4.1.2.1, and RFC 9207.
  app.post('/cancel', async (c) => {
    const query = new URLSearchParams((await readFields(c)).query);
    const redirectUri = client.redirectUris.find((known) => known === query.get('redirect_uri'));
    if (redirectUri === undefined) return c.text('This client is not known', 400);
    const to = new URL(redirectUri);
    to.searchParams.set('error', 'access_denied');
    to.searchParams.set('iss', acmeIssuer(url));
    const state = query.get('state');
    if (state !== null) to.searchParams.set('state', state);
    return c.redirect(to.href, 303);
  });

  app.post('/sign-out', async (c) => {
    const answer = await call(c, 'POST', '/sign-out', {});
    for (const cookie of answer.headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
    return c.redirect('/', 303);
  });

  app.all(`${acmeBasePath}/*`, (c) => provider.handle(c.req.raw));

  return app;

  /** Calls the library as a page with a script would, with the cookies of the caller. */
  function call(c: Context, method: 'GET' | 'POST', path: string, json?: object): Promise<Response> {
    return provider.handle(
      new Request(url + acmeBasePath + path, {
        method,
        headers: {
          accept: 'application/json',
          cookie: c.req.header('cookie') ?? '',
          origin: url,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
    );
  }

  async function readName(c: Context): Promise<string | undefined> {
    const body: unknown = await (await call(c, 'GET', '/get-session')).json();
    const user = typeof body === 'object' && body !== null && 'user' in body ? body.user : undefined;
    const isNamed = typeof user === 'object' && user !== null && 'name' in user;
    return isNamed && typeof user.name === 'string' ? user.name : undefined;
  }
}

function cancelForm(query: string) {
  return html`<form method="post" action="/cancel">
    <input type="hidden" name="query" value="${query}" />
    <button class="quiet">Cancel</button>
  </form>`;
}

async function readFields(c: Context): Promise<{ readonly person: string; readonly query: string }> {
  const { person = '', query = '' } = await c.req.parseBody();
  return { person: typeof person === 'string' ? person : '', query: typeof query === 'string' ? query : '' };
}

function page(c: Context, title: string, content: ReturnType<typeof html>): Response | Promise<Response> {
  c.header('content-security-policy', contentSecurityPolicy);
  return c.html(acmeDocument(title, content));
}

/** The library answers with where to go next: its own consent page, or the client. */
async function follow(c: Context, answer: Response): Promise<Response> {
  const body: unknown = await answer.json().catch(() => undefined);
  const to = typeof body === 'object' && body !== null && 'url' in body ? body.url : undefined;
  if (!answer.ok || typeof to !== 'string') return c.text('This sign-in is no longer valid. Begin again.', 400);
  for (const cookie of answer.headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
  return c.redirect(to, 303);
}
