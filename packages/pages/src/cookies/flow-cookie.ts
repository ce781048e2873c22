import { toSafeReturnTo, type PageTable, type SessionCookie } from '@sallyport/core';
import { createPageCookie } from './page-cookies.ts';

/** What a person already said on one page, for the next one. No secret. */
export interface Flow {
  /** The address that was typed last. */
  readonly email?: string | undefined;
  /** The page that was asked for. */
  readonly returnTo?: string | undefined;
  /** Which mail was sent. */
  readonly mail?: 'verify-email' | 'reset-password' | undefined;
  /** What was done, for the page that says so. */
  readonly done?: 'verified' | 'password-changed' | undefined;
}

export interface FlowCookie {
  read(request: Request): Flow;
  /** The `Set-Cookie` value for what was typed and asked for, as far as it is of use on the next page. */
  write(flow: Flow): string;
  /** The `Set-Cookie` values that take it away from a browser that has it: one, or none. */
  clearedFor(request: Request): readonly string[];
}

/** Browsers keep 4,096 bytes of a cookie, its name and attributes among them. */
const maxLength = 3600;
const maxEmailLength = 254;
const mails: readonly unknown[] = ['verify-email', 'reset-password'];
const deeds: readonly unknown[] = ['verified', 'password-changed'];

/** Carries the typed address and the page that was asked for between sign-in, sign-up and reset, for half an hour. */
export function createFlowCookie(session: SessionCookie, pages: PageTable): FlowCookie {
  const cookie = createPageCookie({ use: 'flow', path: '/auth', seconds: 1800, session });
  return {
    read: (request) => parseFlow(cookie.read(request)),
    write: (flow) => cookie.write(writeFlow(flow, pages)),
    clearedFor: (request) => (cookie.read(request) === undefined ? [] : [cookie.cleared]),
  };
}

/** Addresses that no mail server takes are cut, and where both do not fit, the page that was asked for is forgotten. */
function writeFlow({ email, returnTo, ...rest }: Flow, pages: PageTable): string {
  const path = toSafeReturnTo(returnTo, pages);
  const typed = { ...rest, email: email?.trim().slice(0, maxEmailLength) };
  const text = encode(path === '/' ? typed : { ...typed, returnTo: path });
  return text.length <= maxLength ? text : encode(typed);
}

function encode(flow: Flow): string {
  return Buffer.from(JSON.stringify(flow)).toString('base64url');
}

/** Any sibling site may have written it: only what has the form of ours is read. */
function parseFlow(text: string | undefined): Flow {
  if (text === undefined || text.length > maxLength) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { email, returnTo, mail, done } = value as Readonly<Record<string, unknown>>;
  return {
    email: typeof email === 'string' && email.length <= maxEmailLength ? email : undefined,
    returnTo: typeof returnTo === 'string' ? returnTo : undefined,
    mail: mails.includes(mail) ? (mail as Flow['mail']) : undefined,
    done: deeds.includes(done) ? (done as Flow['done']) : undefined,
  };
}
