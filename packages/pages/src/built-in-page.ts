import type { PageName, PageTable, RequestContext } from '@sallyport/core';
import type { FlowCookie } from './cookies/flow-cookie.ts';
import type { LinkCookie } from './cookies/link-cookie.ts';
import type { PageContent } from './document/document.ts';
import type { FormFields } from './forms/read-form.ts';
import type { CallIdentity } from './identity/call-identity.ts';

/** A request for a page, and what a page may use to answer it. */
export interface PageCall {
  readonly request: Request;
  readonly context: RequestContext;
  readonly identity: CallIdentity;
  /** A parameter of the address; an absent one is an empty text. */
  readonly query: (name: string) => string;
}

/** An account of a demonstration. */
export interface DemoAccount {
  /** What its button says, and what the form sends. */
  readonly role: string;
  readonly email: string;
  readonly password: string;
}

/** What pages are built from. */
export interface PageParts {
  readonly pages: PageTable;
  readonly productName: string;
  readonly minPasswordLength: number;
  /** Where mail arrives that is not sent, in a demo and in development. */
  readonly mailboxUrl: string | undefined;
  /** Entered by a button, in a demonstration alone. */
  readonly demoAccounts: readonly DemoAccount[];
  readonly flow: FlowCookie;
  readonly verifyLink: LinkCookie;
  readonly resetLink: LinkCookie;
  readonly invitationLink: LinkCookie;
}

/** That the session of this browser began or ended, or that another organization is active in it. */
export type SessionNews = 'signed-in' | 'signed-out' | 'changed';

/** A page, and its status. */
export interface ShownPage {
  readonly page: PageContent;
  readonly status: number;
}

/** What a page answers: itself, the next one, or one of another origin. */
export type PageAnswer =
  | {
      readonly kind: 'page';
      readonly page: PageContent;
      /** @default 200 */
      readonly status?: number;
      readonly cookies?: readonly string[];
      /** The methods that the page takes, where it was asked with another. */
      readonly allow?: readonly string[] | undefined;
      /** What the other tabs of this browser should hear. */
      readonly news?: SessionNews | undefined;
    }
  | {
      /** To a page of another origin, which the answer to a form may not redirect to. */
      readonly kind: 'leave';
      readonly to: string;
      /** Shown until the browser has gone there. */
      readonly page: PageContent;
      readonly cookies?: readonly string[];
    }
  | {
      readonly kind: 'redirect';
      readonly to: string;
      readonly cookies?: readonly string[];
      readonly news?: SessionNews | undefined;
    };

/** One page: GET shows it and changes nothing, POST is its form. */
export interface BuiltInPage {
  readonly name: PageName;
  get(call: PageCall): PageAnswer | Promise<PageAnswer>;
  post?(call: PageCall, form: FormFields): PageAnswer | Promise<PageAnswer>;
}

/** Makes a page from what all of them share. */
export type CreatePage = (parts: PageParts) => BuiltInPage;
