import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import type { Mailer } from '@sallyport/core';
import type { ArrivedMessage } from './arrived-message.ts';
import { mailboxPage, mailboxScript } from './mailbox-page.ts';
import { shownMail } from './shown-mail.ts';
import { requireLocalCaller } from './require-local-caller.ts';

export interface DevelopmentMailboxOptions {
  readonly now?: () => Date;
  /** How many messages are kept; the oldest go first. @default 200 */
  readonly capacity?: number;
  /** Further names under which its pages may be called, besides `localhost` with the port. @default none */
  readonly hosts?: readonly string[];
  /** Path of a page that shows every mail, linked from the page for people. @default none */
  readonly previewPath?: string;
}

/** A mailer without a server, and the pages on which its messages are read. */
export interface DevelopmentMailbox {
  readonly mailer: Mailer;
  /**
   * `GET /messages?to=` is a list for programs, `GET /` a page for people, newest first, `GET /messages/:id` a mail as a
   * mail program shows it. Serve it on loopback only:
   * a reader can take over every account. Pages of other sites cannot read it ({@link requireLocalCaller}).
   */
  readonly app: Hono;
}

const scriptHash = createHash('sha256').update(mailboxScript).digest('base64');

const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** A mail runs nothing and loads nothing; what is opened from it is a page like any other. */
const mailHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
};

/** Builds a mailer that delivers into the memory of this process, and the pages that show what arrived. Never in production. */
export function createDevelopmentMailbox(options: DevelopmentMailboxOptions = {}): DevelopmentMailbox {
  const { now = () => new Date(), capacity = 200, hosts = [], previewPath } = options;
  let messages: readonly ArrivedMessage[] = [];
  let count = 0;

  const app = new Hono();
  app.use(async function addSecurityHeaders(c, next) {
    await next();
    for (const [name, value] of Object.entries(securityHeaders))
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  });
  app.use(requireLocalCaller(hosts));
  const arrivedFor = (to: string | undefined): readonly ArrivedMessage[] =>
    to === undefined || to === '' ? messages : messages.filter((message) => message.to === to.trim().toLowerCase());
  app.get('/messages', (c) => c.json(arrivedFor(c.req.query('to')).map(toListed)));
  app.get('/messages/:id', (c) => {
    const message = messages.find(({ id }) => String(id) === c.req.param('id'));
    const html = message === undefined ? undefined : shownMail(message);
    if (html === undefined) return c.notFound();
    // A frame has no room for the page behind a link.
    return c.html(html.replace('<head>', '<head><base target="_blank">'), 200, mailHeaders);
  });
  app.get('/', (c) => {
    const to = c.req.query('to') ?? '';
    return c.html(mailboxPage(arrivedFor(to), { to, count, previewPath }));
  });
  app.get('/count', (c) => c.json({ count }));

  return {
    app,
    mailer: {
      async send(message) {
        count += 1;
        messages = [{ ...message, to: message.to.toLowerCase(), id: count, at: now() }, ...messages].slice(0, capacity);
      },
    },
  };
}

function toListed({ to, channel, kind, subject, links, code, at }: ArrivedMessage) {
  return { to, channel, kind, subject, links, code: code ?? null, at };
}
