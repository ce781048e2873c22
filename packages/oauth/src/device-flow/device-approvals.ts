import { randomBytes } from 'node:crypto';
import {
  networkOf,
  SallyportError,
  type DeviceDecisionAnswer,
  type DeviceRequestAnswer,
  type RequestContext,
  type SecurityEventLog,
  type SessionRecord,
} from '@sallyport/core';
import { whereOf, type IdentityKernel, type OpenProgramSession } from '@sallyport/identity';
import type Provider from 'oidc-provider';
import type { BackchannelLogout } from '../backchannel-logout/backchannel-logout.ts';
import type { OAuthClient } from '../clients/oauth-client.ts';
import { signedInOf, type SignedIn } from '../provider/our-sessions.ts';
import type { ProviderEvent } from '../provider/provider-events.ts';
import { describeScope } from '../provider/scope-words.ts';
import type { DeviceFlowConfig } from './device-flow-config.ts';
import { makeDeviceGrant, scopesOfDevice } from './device-grant.ts';
import { requireDeviceProof, type DeviceProofParts } from './device-proof.ts';
import type { DeviceDecision, DeviceRequest, DeviceRequests } from './device-requests.ts';
import type { DeviceSignIns } from './device-sign-ins.ts';
import { formatUserCode, parseUserCode } from './user-codes.ts';
import type { UserCodeGuesses } from './user-code-guesses.ts';

/** What a user is asked who enters the code of a device, and the user's answer. */
export interface DeviceApprovals {
  /**
   * What the device with this code asks for. Changes nothing but the count of wrong codes.
   *
   * Rejects with `SP_UNAUTHENTICATED` where no user is signed in, `SP_VALIDATION_FAILED` for a text that no code is,
   * `SP_NOT_FOUND` for a code that is unknown, over or answered, `SP_TOO_MANY_ATTEMPTS`, and `SP_STEP_UP_REQUIRED`.
   */
  describe(text: string, context: RequestContext): Promise<DeviceRequestAnswer>;
  /** Answers, once. Rejects as `describe` does, and with `SP_CONFLICT` for the second answer. */
  decide(text: string, decision: 'allow' | 'deny', context: RequestContext): Promise<DeviceDecisionAnswer>;
}

export interface DeviceApprovalParts
  extends DeviceProofParts, Pick<IdentityKernel, 'directory' | 'policy' | 'transaction' | 'users' | 'sessions'> {
  readonly openSession: OpenProgramSession;
  readonly provider: () => Provider;
  readonly requests: DeviceRequests;
  readonly signIns: DeviceSignIns;
  readonly guesses: UserCodeGuesses;
  readonly findClient: (id: string) => Promise<OAuthClient | null>;
  readonly logout: Pick<BackchannelLogout, 'recordSignIn'>;
  readonly config: DeviceFlowConfig;
  readonly accessSeconds: number;
  readonly events: SecurityEventLog<ProviderEvent>;
}

/** A request with its code, and who is asked. */
interface Asked {
  readonly userCode: string;
  readonly request: DeviceRequest;
  readonly client: OAuthClient;
  readonly user: SignedIn;
}

const denied = { error: 'access_denied', errorDescription: 'the user refused' } as const;

/** Builds it. */
export function createDeviceApprovals(parts: DeviceApprovalParts): DeviceApprovals {
  const { requests, guesses, findClient, events, transaction, policy, now } = parts;

  const find = async (text: string, context: RequestContext): Promise<Asked> => {
    const user = await requireUser(parts, context);
    const userCode = parseUserCode(text);
    if (userCode === undefined)
      throw new SallyportError('SP_VALIDATION_FAILED', {
        reason: 'no-user-code',
        errors: [{ field: 'userCode', message: 'must be the eight letters that the device shows' }],
      });
    const asked = await guesses.count(user.id, context, async () => {
      const request = await requests.find(userCode);
      const client = request === null ? null : await findClient(request.clientId);
      if (request === null || request.isAnswered || client === null || client.disabledAt !== undefined) return null;
      return { request, client };
    });
    // A code that was never given out, one that is over and one that was answered give the same answer.
    if (asked === null) throw new SallyportError('SP_NOT_FOUND', { reason: 'user-code-unknown' });
    return { ...asked, userCode, user };
  };

  const refuse = async ({ userCode, request, client, user }: Asked, context: RequestContext): Promise<void> => {
    const at = now();
    await transaction(async () => {
      const isFirst = await requests.decide(userCode, at, async () => {
        await events.append({
          type: 'oauth-device.refused',
          at,
          outcome: 'refused',
          actor: user.id,
          target: user.id,
          sid: user.sid,
          ...whereOf(context),
          details: { clientId: client.id, deviceAddress: request.device.address },
        });
        return denied;
      });
      if (!isFirst) throw answeredBefore();
    });
  };

  return {
    async describe(text, context) {
      const { userCode, request, client, user } = await find(text, context);
      await requireDeviceProof(user, request, parts);
      const { name, homepage, logoUri, trust } = client;
      return {
        client: {
          name,
          ...(homepage === undefined ? {} : { homepage }),
          ...(logoUri === undefined ? {} : { logoUri }),
        },
        // What a first-party client may do is not narrowed by its scopes.
        actsForYou: trust === 'first-party' && request.resources.length > 0,
        userCode: formatUserCode(userCode),
        account: { name: user.profile?.name ?? '', email: user.profile?.email ?? '' },
        scopes: scopesOfDevice(request, client).map((scope) => describeScope(scope, policy, 'device')),
        address: request.device.address,
        isFromYourNetwork: networkOf(request.device.address) === networkOf(context.clientAddress),
        requestedAt: request.requestedAt.toISOString(),
        expiresAt: request.expiresAt.toISOString(),
      };
    },
    async decide(text, decision, context) {
      const asked = await find(text, context);
      if (decision === 'deny') await refuse(asked, context);
      else await allow(parts, asked, context);
      return { status: decision === 'allow' ? 'allowed' : 'refused', client: { name: asked.client.name } };
    },
  };
}

/**
 * Lets the device sign in: a session of its own begins, and what its tokens will be made of is kept with the code. The
 * device gets them when it asks for them next.
 */
async function allow(parts: DeviceApprovalParts, asked: Asked, context: RequestContext): Promise<void> {
  const { config, accessSeconds, users, sessions, requests, now } = parts;
  const { user: principal, request, client, userCode } = asked;
  await requireDeviceProof(principal, request, parts);
  const [user, browser] = await Promise.all([users.findById(principal.id), sessions.findBySid(principal.sid)]);
  if (user === null || browser === null) throw notSignedIn();
  const { acr, amr, authTime } = principal;
  const proof = { user, acr, amr, authTime, provider: browser.provider };
  // Until the device fetches its tokens: one that never does is soon gone from the list.
  const secondsLeft = Math.ceil((request.expiresAt.getTime() - now().getTime()) / 1000);
  const idleSeconds = Math.max(1, secondsLeft) + accessSeconds;
  const absoluteSeconds = Math.max(config.maxDays * 86_400, idleSeconds);
  const program = { name: client.name, ...request.device, lifetime: { idleSeconds, absoluteSeconds } };
  let isDecided = false;
  try {
    const opened = await parts.openSession(proof, program, context, async (record) => {
      await keepApproval(parts, asked, record, context);
      isDecided = true;
    });
    if (opened === 'banned') throw notSignedIn();
    if (opened === 'retry') throw new SallyportError('SP_CONFLICT', { reason: 'authority-changed' });
  } catch (error) {
    // The session was ended again, such as by a limit on sessions: the device must not wait for what it cannot get.
    if (isDecided) await requests.replaceDecision(userCode, denied).catch(() => {});
    throw error;
  }
}

async function keepApproval(
  parts: DeviceApprovalParts,
  { userCode, request, client, user }: Asked,
  { sid, absoluteExpiresAt, acr, amr, authTime }: SessionRecord,
  context: RequestContext,
): Promise<void> {
  const { provider, requests, signIns, logout, events, transaction, directory, now } = parts;
  // Read after the session of the device is there: a sign-out everywhere that did not see that one is seen here.
  if ((await directory.bySid(user.sid)) === null) throw notSignedIn();
  const at = now();
  const scopes = scopesOfDevice(request, client);
  const clientSid = randomBytes(16).toString('base64url');
  const seconds = Math.max(1, Math.ceil((absoluteExpiresAt.getTime() - at.getTime()) / 1000));
  // In this order, so that without transactions nothing works that was not reported, and what was begun and not finished is
  // an answered request without a decision: its device waits in vain.
  const makeDecision = async (): Promise<DeviceDecision> => {
    await events.append({
      type: 'oauth-device.allowed',
      at,
      outcome: 'success',
      actor: user.id,
      target: user.id,
      sid,
      ...whereOf(context),
      details: { clientId: client.id, scopes: [...scopes], deviceAddress: request.device.address },
    });
    const grantId = await makeDeviceGrant(provider(), user.id, client, { request, seconds }).save();
    await signIns.keep({ grantId, sid, accountId: user.id, clientId: client.id }, absoluteExpiresAt);
    await logout.recordSignIn(client, { sid, subject: user.id, clientSid, expiresAt: absoluteExpiresAt });
    return {
      accountId: user.id,
      acr,
      amr: [...amr],
      authTime: Math.floor(authTime.getTime() / 1000),
      grantId,
      scope: scopes.join(' '),
      sessionUid: sid,
      sid: clientSid,
      ...toResource(request.resources),
    };
  };
  await transaction(async () => {
    if (!(await requests.decide(userCode, at, makeDecision))) throw answeredBefore();
  });
}

/** As the library has it of one, of several and of none. */
function toResource(resources: readonly string[]): { readonly resource?: string | readonly string[] } {
  const [first, ...others] = resources;
  if (first === undefined) return {};
  return { resource: others.length === 0 ? first : [...resources] };
}

/** The user of this browser, read anew: what the gateway remembers may be some milliseconds old. */
async function requireUser(
  { directory }: Pick<DeviceApprovalParts, 'directory'>,
  context: RequestContext,
): Promise<SignedIn> {
  const signedIn = signedInOf(context);
  const session = signedIn === undefined ? null : await directory.bySid(signedIn.sid);
  if (signedIn === undefined || session?.principal.id !== signedIn.id) throw notSignedIn();
  return session.principal;
}

function notSignedIn(): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
}

function answeredBefore(): SallyportError {
  return new SallyportError('SP_CONFLICT', { reason: 'already-answered' });
}
