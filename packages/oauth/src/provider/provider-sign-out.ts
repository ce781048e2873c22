import type { KoaContextWithOIDC } from 'oidc-provider';
import { serializeClearedSessionCookie, type RequestContext } from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import { signedInOf } from './our-sessions.ts';
import type { ProviderView } from './provider-views.ts';

export interface ProviderSignOutParts extends Pick<IdentityKernel, 'revocation' | 'cookie' | 'pages'> {
  readonly origin: string;
  readonly contextOf: (ctx: KoaContextWithOIDC) => RequestContext;
  readonly show: (ctx: KoaContextWithOIDC, view: ProviderView) => Promise<void>;
}

/** What is ours of the end of a session that a client asks for. */
export interface ProviderSignOut {
  /** Called after the library has answered at one of its addresses for that. */
  finish(ctx: KoaContextWithOIDC): Promise<void>;
}

/** Builds it on the end of our sessions. */
export function createProviderSignOut(parts: ProviderSignOutParts): ProviderSignOut {
  const { revocation, pages, origin, contextOf, show } = parts;
  const clearedCookie = serializeClearedSessionCookie(parts.cookie);

  /** Ends our session where people have said that they want to leave. */
  const signOut = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const context = contextOf(ctx);
    const signedIn = signedInOf(context);
    if (signedIn === undefined) return;
    await revocation.end({ sid: signedIn.sid, subject: signedIn.id, reason: 'signed-out' }, context);
    ctx.append('set-cookie', clearedCookie);
  };

  /** The form was ours, and where the client wants its user back is not. */
  const leadOn = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const to = new URL(ctx.response.get('location'), origin);
    if (to.origin === origin) return;
    ctx.remove('location');
    ctx.status = 200;
    await show(ctx, { kind: 'continue', to: to.href, client: ctx.oidc.client?.clientName ?? to.host });
  };

  return {
    async finish(ctx) {
      const { route, params, session } = ctx.oidc;
      if (route === 'end_session_confirm' && ctx.status === 303) {
        if (params?.['logout'] !== undefined) await signOut(ctx);
        await leadOn(ctx);
      }
      // A visitor who is not signed in has nothing to confirm.
      if (route === 'end_session' && ctx.status === 200 && session?.accountId === undefined)
        leave(ctx, pages.signedOut);
    },
  };
}

/** Leads a browser that was not signed in to where it asked to be led, which the library has checked. */
function leave(ctx: KoaContextWithOIDC, signedOutPage: string): void {
  const { post_logout_redirect_uri: uri, state } = ctx.oidc.params ?? {};
  const target = typeof uri === 'string' ? new URL(uri) : undefined;
  if (typeof state === 'string') target?.searchParams.set('state', state);
  ctx.body = null;
  ctx.status = 303;
  ctx.redirect(target?.href ?? signedOutPage);
}
