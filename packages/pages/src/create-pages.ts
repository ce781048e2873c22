import { html } from 'hono/html';
import {
  asSallyportError,
  builtInPages,
  errorCatalog,
  hasRepeatedParameter,
  resolvePages,
  SallyportError,
  sessionCookieFor,
  toBrandCss,
  silentLogger,
  type Brand,
  type Logger,
  type PageName,
  type PageOverrides,
  type PageTable,
  type RequestContext,
} from '@sallyport/core';
import { createPageAssets } from './assets/page-assets.ts';
import { createServeAsset, type ServeAsset } from './assets/serve-asset.ts';
import type {
  BuiltInPage,
  CreatePage,
  DemoAccount,
  PageAnswer,
  PageCall,
  PageParts,
  ShownPage,
} from './built-in-page.ts';
import { createFlowCookie } from './cookies/flow-cookie.ts';
import { createLinkCookie } from './cookies/link-cookie.ts';
import { readForm } from './forms/read-form.ts';
import { wordsOf } from './forms/refusal-words.ts';
import { createCallIdentity, type Identity } from './identity/call-identity.ts';
import { toResponse } from './page-response.ts';
import { createAuthorizePage, pathOfAuthorizePage } from './pages/authorize-page.ts';
import { createCheckMailPage } from './pages/check-mail-page.ts';
import { createDevicePage } from './pages/device-page.ts';
import { createErrorPage } from './pages/error-page.ts';
import { createForgotPasswordPage } from './pages/forgot-password-page.ts';
import { createAcceptInvitationPage } from './pages/organizations/accept-invitation-page.ts';
import { createNewOrganizationPage } from './pages/organizations/new-organization-page.ts';
import { createOrganizationPage } from './pages/organizations/organization-page.ts';
import { createOrganizationsPage } from './pages/organizations/organizations-page.ts';
import { createRecoveryCodesPage } from './pages/recovery-codes-page.ts';
import { createResetPasswordPage } from './pages/reset-password-page.ts';
import { createSecondFactorPage } from './pages/second-factor-page.ts';
import { createSecondFactorSetUpPage } from './pages/second-factor-set-up-page.ts';
import { createSecurityPage } from './pages/security-page.ts';
import { createSignInPage } from './pages/sign-in-page.ts';
import { createSignUpPage } from './pages/sign-up-page.ts';
import { createSignedOutPage } from './pages/signed-out-page.ts';
import { createStepUpPage } from './pages/step-up-page.ts';
import { createVerifyEmailPage } from './pages/verify-email-page.ts';

/** What the built-in pages are made of. */
export interface PagesOptions {
  /** Origin that the browser sees. */
  readonly publicUrl: string;
  readonly brand: Brand;
  /** Answers the calls that forms become. */
  readonly identity: Identity;
  /** Pages that take the place of built-in ones. @default none */
  readonly overrides?: PageOverrides;
  /** Said where a password is chosen; identity decides. @default 15 */
  readonly minPasswordLength?: number;
  /** Where mail waits that is not sent. @default mail is sent */
  readonly mailboxUrl?: string | undefined;
  /** Accounts of a demonstration on loopback: a button of the sign-in page enters them. @default none */
  readonly demoAccountsEnteredWithoutPassword?: readonly DemoAccount[];
  /** @default silent */
  readonly logger?: Logger;
}

/** The built-in pages. */
export interface Pages {
  /** Where each page is, built in or not. */
  readonly table: PageTable;
  /** Whether a path is that of a page; everything else below `/auth` is identity's. */
  serves(path: string): boolean;
  /** Answers a request that comes to another place with a page, as it is. */
  show(page: ShownPage, request: Request): Promise<Response>;
  /** Answers a request for a page. Never rejects. */
  fetch(request: Request, context: RequestContext): Promise<Response>;
  /** Answers a request below `/auth/assets`. Throws `SP_NOT_FOUND` and `SP_METHOD_NOT_ALLOWED`. */
  readonly serveAsset: ServeAsset;
}

const all: readonly CreatePage[] = [
  createSignInPage,
  createSignUpPage,
  createCheckMailPage,
  createVerifyEmailPage,
  createForgotPasswordPage,
  createResetPasswordPage,
  createSecondFactorPage,
  createSecondFactorSetUpPage,
  createRecoveryCodesPage,
  createSecurityPage,
  createStepUpPage,
  createAuthorizePage,
  createDevicePage,
  createOrganizationsPage,
  createNewOrganizationPage,
  createOrganizationPage,
  createAcceptInvitationPage,
  createSignedOutPage,
  createErrorPage,
];

/**
 * Builds the pages on which people sign in. A GET renders a page and changes nothing; a POST is the form of a page: it
 * calls identity in this process, as a page of the adopter's own would by JSON, and leads on by 303, or shows the page again.
 */
export function createPages(options: PagesOptions): Pages {
  const { publicUrl, brand, identity, overrides, minPasswordLength = 15, mailboxUrl, logger = silentLogger } = options;
  const { demoAccountsEnteredWithoutPassword: demoAccounts = [] } = options;
  const pages = resolvePages(overrides);
  const session = sessionCookieFor(publicUrl);
  const parts: PageParts = {
    pages,
    productName: brand.name,
    minPasswordLength,
    mailboxUrl,
    demoAccounts,
    flow: createFlowCookie(session, pages),
    verifyLink: createLinkCookie(builtInPages.verifyEmail, session),
    resetLink: createLinkCookie(builtInPages.resetPassword, session),
    invitationLink: createLinkCookie(builtInPages.acceptInvitation, session),
  };
  const built = all.map((create) => create(parts));
  const byPath = new Map<string, BuiltInPage>(
    built.map((page) => [
      builtInPages[page.name],
      pages[page.name] === builtInPages[page.name] ? page : leadTo(page.name, pages[page.name]),
    ]),
  );
  const assets = createPageAssets(toBrandCss(brand));
  const documentParts = { brand, stylesheets: assets.stylesheets, script: assets.script };

  return {
    table: pages,
    serves: (path) => findPage(byPath, path) !== undefined,
    show: (page, request) => toResponse({ kind: 'page', ...page }, request, documentParts),
    async fetch(request, context) {
      let answer: PageAnswer;
      try {
        answer = await answerPage(byPath, toPageCall(request, context, identity));
      } catch (error) {
        answer = answerFailure(asSallyportError(error), context, logger);
      }
      return toResponse(answer, request, documentParts);
    },
    serveAsset: createServeAsset(assets.all),
  };
}

/** In place of a page that was replaced: what knows the built-in address alone still gets there, with what follows it. */
function leadTo(name: PageName, path: string): BuiltInPage {
  return {
    name,
    get({ request }) {
      const { pathname, search } = new URL(request.url);
      return { kind: 'redirect', to: `${path}${pathname.slice(builtInPages[name].length)}${search}` };
    },
  };
}

function findPage(byPath: ReadonlyMap<string, BuiltInPage>, path: string): BuiltInPage | undefined {
  return byPath.get(pathOfAuthorizePage.test(path) ? builtInPages.authorize : path);
}

function toPageCall(request: Request, context: RequestContext, identity: Identity): PageCall {
  const { searchParams } = new URL(request.url);
  return {
    request,
    context,
    identity: createCallIdentity(identity, request, context),
    query: (name) => searchParams.get(name) ?? '',
  };
}

async function answerPage(byPath: ReadonlyMap<string, BuiltInPage>, call: PageCall): Promise<PageAnswer> {
  const { pathname, searchParams } = new URL(call.request.url);
  const page = findPage(byPath, pathname);
  if (page === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
  if (hasRepeatedParameter(searchParams))
    throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'repeated-parameter' });
  switch (call.request.method) {
    case 'GET':
    case 'HEAD':
      return page.get(call);
    case 'POST':
      if (page.post !== undefined) return page.post(call, await readForm(call.request));
  }
  const allow = page.post === undefined ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'POST'];
  throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow });
}

function answerFailure(error: SallyportError, { requestId, noteRefusal }: RequestContext, logger: Logger): PageAnswer {
  const { code, reason, cause } = error;
  const { status } = errorCatalog[code];
  noteRefusal?.(code, reason);
  if (status >= 500) {
    const name = cause instanceof Error ? cause.name : undefined;
    logger.error('a page failed', { event: 'page-failed', requestId, code, reason, error: name });
  }
  const { title, text } = wordsOf(code, status);
  const content = html`<p class="quiet">Request id: <code>${requestId}</code></p>
    <p><a class="button" href="/">Home</a></p>`;
  return { kind: 'page', status, page: { title, lead: text, content }, allow: error.allow };
}
