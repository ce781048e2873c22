import type { Account, FindAccount, KoaContextWithOIDC } from 'oidc-provider';
import type { LiveSession } from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import type { DeviceFlowConfig } from '../device-flow/device-flow-config.ts';
import type { DeviceSignIns } from '../device-flow/device-sign-ins.ts';
import type { TokenRequest } from './token-request.ts';

export interface ProviderAccountParts extends Pick<IdentityKernel, 'directory' | 'users'> {
  readonly tokenRequest: () => TokenRequest | undefined;
  readonly deviceSignIns: Pick<DeviceSignIns, 'noteUse'>;
  readonly devices: Pick<DeviceFlowConfig, 'refreshDays'>;
  readonly accessSeconds: number;
  readonly now: () => Date;
}

/**
 * Builds what finds the account behind a code, a token or a request. It is there for as long as the session is in which its
 * user signed in: so a ban, another password, a sign-out end whatever was made of it, and nothing of ours has to be told.
 */
export function createFindAccount(parts: ProviderAccountParts): FindAccount {
  const { directory, tokenRequest } = parts;
  return async (ctx, sub, token) => {
    const sid = sidOf(ctx, token);
    const session = sid === undefined ? null : await directory.bySid(sid);
    if (session === null || !isOf(session, sub)) return undefined;
    const request = tokenRequest();
    if (request !== undefined) request.endsAt = session.absoluteExpiresAt;
    await noteUse(parts, ctx, token, session);
    return toAccount(parts, session.principal);
  };
}

/** A program that works for its user keeps the sign-in alive, as its user would, up to its absolute end. */
async function noteUse(
  { directory, deviceSignIns, devices, accessSeconds, now }: ProviderAccountParts,
  { oidc }: KoaContextWithOIDC,
  token: Parameters<FindAccount>[2],
  { principal: { sid, credential } }: LiveSession,
): Promise<void> {
  const isRefresh = token?.kind === 'RefreshToken';
  if (credential === 'session') return isRefresh ? directory.recordActivity(sid, now()) : undefined;
  if (!isRefresh && token?.kind !== 'DeviceCode') return;
  // The session of a device that gets no refresh token is of no use for longer than its access token.
  const isOnce = !isRefresh && oidc.client?.grantTypeAllowed('refresh_token') !== true;
  const seconds = isOnce ? accessSeconds : devices.refreshDays * 86_400;
  await deviceSignIns.noteUse(sid, new Date(now().getTime() + seconds * 1000));
}

function sidOf(ctx: KoaContextWithOIDC, token: Parameters<FindAccount>[2]): string | undefined {
  if (token === undefined) return ctx.oidc.session?.uid;
  return 'sessionUid' in token && typeof token.sessionUid === 'string' ? token.sessionUid : undefined;
}

function isOf({ principal }: LiveSession, sub: string): boolean {
  return principal.id === sub;
}

function toAccount({ users }: ProviderAccountParts, { id, profile }: LiveSession['principal']): Account {
  return {
    accountId: id,
    async claims(_use, scope) {
      const asked = scope.split(' ');
      return {
        sub: id,
        ...(asked.includes('profile') ? { name: profile?.name } : {}),
        ...(asked.includes('email')
          ? { email: profile?.email, email_verified: (await users.findById(id))?.emailVerified === true }
          : {}),
      };
    },
  };
}
