import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import {
  anonymous,
  brandManifestPath,
  freezePrincipal,
  toBrandManifest,
  type Brand,
  type Caller,
  type Message,
} from '@sallyport/core';
import { createErrorPageRenderer } from '@sallyport/gateway';
import { requireLocalCaller, shownMail } from '@sallyport/identity';
import { features } from '@sallyport/server';
import { assetsPath, createPages, type Pages } from '@sallyport/pages';
import { Hono } from 'hono';
import { errorStates } from './error-states.ts';
import type { PageState } from './page-state.ts';
import { pageStates } from './page-states.ts';
import { openPreviewBrands, type PreviewBrandName } from './preview-brands.ts';
import { previewPage, type PreviewItem } from './preview-page.ts';

/** What everything is shown for: nothing of it leads anywhere. */
const publicUrl = 'https://app.example.com';

const requestId = '4f1c0a7e5b3d4e2f9a8b7c6d5e4f3a2b';

/** Nothing runs. Frames of this page may stand in this page alone. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const signedIn: Caller = freezePrincipal({
  kind: 'user',
  id: 'robin',
  sid: 'preview',
  roles: ['user'],
  permissions: [],
  acr: 'pwd',
  amr: ['pwd'],
  authTime: new Date(0),
  credential: 'session',
  generation: { session: 1, user: 1, policy: 1 },
});

/** How one thing is looked at. */
interface View {
  readonly brand: Brand;
  readonly brandName: PreviewBrandName;
  readonly theme: 'light' | 'dark';
}

/**
 * Shows every mail, every built-in page in its states and pages of errors, in three brands and both themes. In demo mode
 * alone, beside the mailbox: it tells nothing of a deployment, and plays identity instead of asking it.
 */
export function createPreview(): Hono<{ Bindings: HttpBindings }> {
  const brands = openPreviewBrands(publicUrl);
  const names = Object.keys(brands) as PreviewBrandName[]; // Its own keys.
  // Pages are built when one is looked at: compressing their files takes a moment.
  const built = new Map<PreviewBrandName, Played>();
  const playedPages = (name: PreviewBrandName): Played => {
    const found = built.get(name) ?? playPages(brands[name]);
    built.set(name, found);
    return found;
  };
  const viewOf = (query: (name: string) => string | undefined): View => {
    const brandName = names.find((name) => name === query('brand')) ?? 'demo';
    return { brandName, brand: brands[brandName], theme: query('theme') === 'dark' ? 'dark' : 'light' };
  };

  const app = new Hono<{ Bindings: HttpBindings }>();
  const isLocal = requireLocalCaller();
  app.use('/preview/*', isLocal);
  app.use('/preview', isLocal);
  // The mailbox, which answers everything else, has headers of its own.
  for (const place of ['/preview', '/preview/*', `${assetsPath}/*`])
    app.use(place, async function addSecurityHeaders(c, next) {
      await next();
      if (c.res === RESPONSE_ALREADY_SENT) return;
      for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
    });
  app.get('/preview', (c) => {
    const { brand, brandName, theme } = viewOf((name) => c.req.query(name));
    const isPhone = c.req.query('width') === 'phone';
    return c.html(previewPage({ brandName, theme, isPhone, groups: groupsOf(brand) }));
  });
  app.get('/preview/mail/:kind', (c) => {
    const { brand, theme } = viewOf((name) => c.req.query(name));
    const mail = mailOf(brand, c.req.param('kind'));
    const html = mail === undefined ? undefined : shownMail(mail);
    return html === undefined ? c.notFound() : c.html(inTheme(html, theme));
  });
  app.get('/preview/error/:code', (c) => {
    const { brand, theme } = viewOf((name) => c.req.query(name));
    const state = errorStates.find(({ code }) => code === c.req.param('code'));
    if (state === undefined) return c.notFound();
    const render = createErrorPageRenderer({ brand, signInPath: '/auth/sign-in', publicOrigin: publicUrl });
    return c.html(inTheme(render({ ...state, requestId }), theme));
  });
  app.get('/preview/page/:id', async (c) => {
    const { brandName, theme } = viewOf((name) => c.req.query(name));
    const state = pageStates.find(({ id }) => id === c.req.param('id'));
    if (state === undefined) return c.notFound();
    return c.html(inTheme(await playedPages(brandName).render(state, theme), theme));
  });
  app.get(brandManifestPath, (c) =>
    c.body(toBrandManifest(brands.demo), 200, { 'content-type': 'application/manifest+json' }),
  );
  app.get('/auth/assets/brand/*', (c) => {
    const image = Object.values(brands)
      .flatMap(({ logo, logoDark, icon, touchIcon }) => [logo, logoDark, icon, touchIcon])
      .find((one) => one?.path === c.req.path);
    if (image === undefined) return c.notFound();
    return c.body(Uint8Array.from(image.content), 200, { 'content-type': image.mediaType });
  });
  app.get('/auth/assets/*', (c) => {
    const played = [...built.values()].find(({ files }) => files.has(c.req.path));
    if (played === undefined) return c.notFound();
    played.pages.serveAsset(c.env.incoming, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

function groupsOf(brand: Brand): readonly { readonly title: string; readonly items: readonly PreviewItem[] }[] {
  const mails = features.messageSamples(publicUrl, brand);
  return [
    {
      title: 'Mails',
      items: mails.map(({ kind, channel, subject, text, html }) => ({
        title: channel === 'email' ? subject : 'Text message',
        path: html === undefined ? undefined : `mail/${kind}`,
        text,
        height: 620,
      })),
    },
    { title: 'Built-in pages', items: pageStates.map(({ id, title }) => ({ title, path: `page/${id}`, height: 760 })) },
    {
      title: 'Pages of errors',
      items: errorStates.map(({ code, status }) => ({
        title: `${status} ${code}`,
        path: `error/${code}`,
        height: 620,
      })),
    },
  ];
}

function mailOf(brand: Brand, kind: string): Message | undefined {
  return features.messageSamples(publicUrl, brand).find((mail) => mail.kind === kind && mail.html !== undefined);
}

/** Lets a document have a theme, whatever the system of the reader says: a frame cannot ask for one. */
function inTheme(html: string, theme: View['theme']): string {
  const queries = { dark: theme === 'dark' ? 'all' : 'not all', light: theme === 'light' ? 'all' : 'not all' };
  return html
    .replace('<html lang="en">', `<html lang="en" data-theme="${theme}">`)
    .replaceAll(/\(prefers-color-scheme: ?(dark|light)\)/g, (_, asked: 'dark' | 'light') => queries[asked]);
}

interface Played {
  readonly pages: Pages;
  /** Paths of the files that its pages have named. */
  readonly files: ReadonlySet<string>;
  readonly render: (state: PageState, theme: View['theme']) => Promise<string>;
}

/** Builds the pages in a brand, in front of an identity that answers as the state says. */
function playPages(brand: Brand): Played {
  const answers = new WeakMap<object, PageState['answers']>();
  const pages = createPages({
    publicUrl: 'http://localhost',
    brand,
    identity: (request, context) => {
      const { pathname } = new URL(request.url);
      const answer = answers.get(context)?.[`${request.method} ${pathname}`];
      return answer?.() ?? playedSession(context.caller);
    },
  });
  const files = new Set<string>();
  return {
    pages,
    files,
    async render(state, theme) {
      const context = {
        requestId,
        clientAddress: '127.0.0.1',
        caller: state.isSignedIn === true ? signedIn : anonymous,
      };
      answers.set(context, state.answers);
      const answer = await pages.fetch(toRequest(state, theme), context);
      const text = await answer.text();
      for (const [, path = ''] of text.matchAll(/(?:href|src)="([^"]*)"/g))
        if (path.startsWith(`${assetsPath}/`)) files.add(path);
      return text;
    },
  };
}

function playedSession(caller: Caller): Response {
  if (caller.kind === 'anonymous') return Response.json({ status: 'signed-out' });
  const user = { id: caller.id, name: 'Robin Doe', email: 'robin@example.com', roles: ['user'], permissions: [] };
  return Response.json({ status: 'signed-in', user });
}

function toRequest({ path, form, cookies = {} }: PageState, theme: View['theme']): Request {
  const cookie = Object.entries({ ...cookies, theme })
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  const headers = { cookie, accept: 'text/html' };
  return form === undefined
    ? new Request(`http://localhost${path}`, { headers })
    : new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { ...headers, origin: 'http://localhost', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
}
