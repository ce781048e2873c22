import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC, Session } from 'oidc-provider';
import type { RequestContext, UserPrincipal } from '@sallyport/core';

/** The user whose browser this is, by a session of the gateway. */
export type SignedIn = UserPrincipal & { readonly sid: string };

/** Who is signed in, of the caller that the gateway found; `undefined` for all others, and where an administrator acts for a user. */
export function signedInOf({ caller }: RequestContext): SignedIn | undefined {
  if (caller.kind !== 'user' || caller.credential !== 'session' || caller.actor !== undefined) return undefined;
  const { sid } = caller;
  return sid === undefined ? undefined : { ...caller, sid };
}

/**
 * Makes the sessions of the library follow ours: there is one for each session of the gateway, under the same id, and none
 * beside them. So nothing of the provider outlives the session, a change of accounts is a change of sessions, and the cookie
 * of the library is not needed.
 */
export function followOurSessions(provider: Provider, contextOf: (ctx: KoaContextWithOIDC) => RequestContext): void {
  const model = provider.Session;
  const get = async (ctx: KoaContextWithOIDC): Promise<Session> => {
    const session = await sessionOf(model, signedInOf(contextOf(ctx)));
    ctx.oidc.entity('Session', session);
    return session;
  };
  Object.assign(model, { get });
  // It changes its id after a sign-in, for the sake of its cookie. Ours is changed by the gateway.
  Object.assign(model.prototype, {
    resetIdentifier(this: { touched?: boolean }) {
      this.touched = true;
    },
  });
}

async function sessionOf(model: Provider['Session'], signedIn: SignedIn | undefined): Promise<Session> {
  if (signedIn === undefined) return new model();
  const { id: accountId, sid, acr, amr, authTime } = signedIn;
  const known = await model.find(sid);
  const session = known?.accountId === accountId ? known : newSession(model, sid);
  session.loginAccount({ accountId, acr, amr: [...amr], loginTs: Math.floor(authTime.getTime() / 1000) });
  return session;
}

/** Of a session that is there, though it was not kept before: the library would take it for one of a visitor. */
function newSession(model: Provider['Session'], sid: string): Session {
  const create = model as unknown as new (payload: object) => Session; // Its constructor takes what was kept.
  return new create({ jti: sid, uid: sid });
}
