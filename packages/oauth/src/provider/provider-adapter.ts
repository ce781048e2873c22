import type { Adapter, AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';
import Provider, { errors } from 'oidc-provider';
import type { ClientCertificate } from '@sallyport/core';
import type { DevicePolls } from '../device-flow/device-polls.ts';
import { keptSeconds, type DeviceRequests } from '../device-flow/device-requests.ts';
import type { ArtifactKind, Artifacts, StoredArtifact } from './artifacts.ts';
import type { GivenAnswers } from './given-answers.ts';
import type { TakeTurn } from './in-turn.ts';
import { readVerifiedProof } from './proof-key.ts';
import { pushedRequestUsed, requireServedRequest } from './pushed-requests.ts';
import { isFirstUse } from './replay-detection.ts';
import type { TokenRequest, UsedGrant } from './token-request.ts';

export interface AdapterParts {
  readonly artifacts: Artifacts;
  readonly answers: GivenAnswers;
  readonly takeTurn: TakeTurn;
  /** Whether the database keeps several rows at once or none of them. */
  readonly hasTransactions: boolean;
  /** The token request that is being answered, if one is. */
  readonly tokenRequest: () => TokenRequest | undefined;
  /** Registered clients, in the words of the library. */
  readonly findClient: (id: string) => Promise<AdapterPayload | undefined>;
  /** Called before a code is kept, which its client gets afterwards. */
  readonly beforeCode: (payload: AdapterPayload) => Promise<void>;
  /** How long an authorization request may wait for its user, in seconds. */
  readonly interactionSeconds: number;
  /** Thumbprint of the certificate that was verified on the connection of a request. */
  readonly certificateOf: (ctx: KoaContextWithOIDC) => Pick<ClientCertificate, 'thumbprint'> | undefined;
  /** Ends what was remembered of a grant. */
  readonly announceGrantEnd: (grantId: string) => Promise<void>;
  readonly deviceRequests: Pick<DeviceRequests, 'begin' | 'decisionOf'>;
  readonly devicePolls: DevicePolls;
  readonly now: () => Date;
}

/**
 * Builds the storage of the library on our records. What is presented as a credential is a key of no row: rows are found by
 * an HMAC of it, and hold nothing that could be presented.
 *
 * @see {@link https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.md the interface of adapters}
 */
export function createProviderAdapter(parts: AdapterParts): (name: string) => Adapter {
  return (name) => (name === 'Client' ? clientAdapter(parts) : artifactAdapter(name as ArtifactKind, parts)); // The models of features that are on.
}

function clientAdapter({ findClient }: AdapterParts): Adapter {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('clients are registered by administrators'));
  return {
    find: findClient,
    upsert: refuse,
    findByUserCode: refuse,
    findByUid: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}

function artifactAdapter(kind: ArtifactKind, parts: AdapterParts): Adapter {
  const { artifacts, tokenRequest, beforeCode, announceGrantEnd, interactionSeconds, deviceRequests, now } = parts;
  // A pushed request is used up by the code that is made for it: until then its row has to be there to say so.
  const keptLongerSeconds = kind === 'PushedAuthorizationRequest' ? interactionSeconds : 0;
  const find = async (id: string): Promise<AdapterPayload | undefined> => {
    const request = tokenRequest();
    if (request !== undefined && isUsedUp(kind)) return findUsable({ kind, id }, request, parts);
    const stored = await artifacts.find({ kind, id });
    return stored === null ? undefined : toPayload(id, stored);
  };

  return {
    find,
    // The id of a session of the provider is that of the session of ours.
    findByUid: find,
    // Asked by the pages of the library alone, which are not served: ours find requests of devices.
    findByUserCode: () => Promise.resolve(undefined),
    async upsert(id, { jti: _id, ...given }, expiresIn) {
      const payload = kind === 'Interaction' ? withoutOutdatedSession(given) : given;
      const endsAt = payload.exp === undefined ? now().getTime() + (expiresIn ?? 0) * 1000 : payload.exp * 1000;
      const expiresAt = new Date(endsAt + keptLongerSeconds * 1000);
      const artifact = { kind, id, payload: payload as Readonly<Record<string, unknown>>, expiresAt }; // Its members by name.
      if (kind === 'PushedAuthorizationRequest') requireServedRequest(payload);
      // What visitors leave behind who are not signed in: no cookie leads back to it.
      if (kind === 'Session' && payload.accountId === undefined) return;
      if (kind === 'AuthorizationCode') await beforeCode(payload);
      if (kind === 'DeviceCode') {
        await deviceRequests.begin(payload);
        return artifacts.save({ ...artifact, expiresAt: new Date(expiresAt.getTime() + keptSeconds * 1000) });
      }
      const request = tokenRequest();
      if (request === undefined) return artifacts.save(artifact);
      request.writes.push({ kind: 'save', artifact });
    },
    async consume(id) {
      const request = tokenRequest();
      if (request !== undefined && isUsedUp(kind)) request.used = { kind, id };
      else if (!(await artifacts.consume({ kind, id }, now())))
        throw kind === 'PushedAuthorizationRequest' ? pushedRequestUsed() : new errors.InvalidGrant('already used');
    },
    async destroy(id) {
      const name = { kind, id };
      const request = tokenRequest();
      if (request !== undefined) {
        request.writes.push({ kind: 'remove', name });
        return;
      }
      await artifacts.remove(name);
      if (kind === 'Grant') await announceGrantEnd(id);
    },
    async revokeByGrantId(grantId) {
      const request = tokenRequest();
      if (request === undefined) await artifacts.removeOfGrant(kind, grantId);
      else request.writes.push({ kind: 'remove-of-grant', of: kind, grantId });
    },
  };
}

/**
 * Finds a code or a refresh token for the client that is to use it up. One that was used some seconds ago by the same client,
 * with the same proof, is a retry: its answer may have got lost. Any other second use is answered by the library, which ends
 * the grant: one of its two users is a thief (RFC 9700, section 4.14.2).
 */
async function findUsable(
  used: UsedGrant,
  request: TokenRequest,
  parts: AdapterParts,
): Promise<AdapterPayload | undefined> {
  const { artifacts, answers, takeTurn, hasTransactions, certificateOf, now } = parts;
  const ctx = requireContext();
  const { oidc } = ctx;
  const clientId = oidc.client?.clientId ?? '';
  const proof = await readVerifiedProof(ctx);
  request.clientId = clientId;
  request.fingerprint = fingerprintOf(oidc.params ?? {}, [proof?.jkt, certificateOf(ctx)?.thumbprint]);
  request.release = await takeTurn(`${used.kind} ${used.id}`);
  const stored = await artifacts.find(used);
  if (stored === null) return undefined;
  const payload = await withDecision(used, toPayload(used.id, stored), clientId, parts);
  if (payload === undefined) return undefined;
  request.subject = payload.accountId;
  const wasUsed = payload.consumed !== undefined;
  // Without transactions the answer is what says that it was used: the mark comes after it.
  if (!wasUsed && hasTransactions) return payload;
  const given = await answers.find(used, { clientId, fingerprint: request.fingerprint });
  if (given === null) {
    if (wasUsed) noteReuse(request, used);
    return payload;
  }
  if (given === 'used') {
    noteReuse(request, used);
    return { ...payload, consumed: Math.floor(now().getTime() / 1000) };
  }
  // The library, which is not asked, would have refused a proof that is sent again.
  if (proof !== undefined && !(await isFirstUse(artifacts, clientId, proof.jti, now())))
    throw new errors.InvalidGrant('DPoP proof JWT Replay detected');
  request.given = given;
  // Ends the work of the library: what is answered is known.
  throw new errors.InvalidGrant('answered before');
}

/**
 * What the user of a device decided is kept with the code that the user entered. While nothing is decided, the device is told
 * to ask less often where it asks too often, and at whichever gateway.
 */
async function withDecision(
  { kind, id }: UsedGrant,
  payload: AdapterPayload,
  clientId: string,
  { deviceRequests, devicePolls, now }: AdapterParts,
): Promise<AdapterPayload | undefined> {
  if (kind !== 'DeviceCode') return payload;
  const { userCode = '', exp = 0 } = payload;
  const decision = await deviceRequests.decisionOf(userCode);
  // Deleted with its account, or with its client.
  if (decision === null) return undefined;
  const isPending = decision === undefined && exp * 1000 > now().getTime();
  if (isPending && payload.clientId === clientId) {
    const polled = await devicePolls.note(id, new Date((exp + keptSeconds) * 1000));
    if (polled === 'too-early') throw new errors.SlowDown();
  }
  return { ...payload, ...decision };
}

/** Of what one request gets its tokens, and no second one. */
function isUsedUp(kind: ArtifactKind): kind is UsedGrant['kind'] {
  return kind === 'AuthorizationCode' || kind === 'DeviceCode' || kind === 'RefreshToken';
}

function noteReuse(request: TokenRequest, used: UsedGrant): void {
  request.isReuse = true;
  request.used = used;
}

function requireContext() {
  const { ctx } = Provider;
  if (ctx === undefined) throw new TypeError('a code is used outside of a token request');
  return ctx;
}

/**
 * What has to be the same for a request to be the same one, sent again: the proof among it (RFC 7636), and the keys of the
 * client (RFC 9449, RFC 8705), so that a thief of a code or a token is given no answer that was made for its owner.
 */
function fingerprintOf(params: Readonly<Record<string, unknown>>, keys: readonly (string | undefined)[]): string {
  const texts = ['code_verifier', 'redirect_uri', 'scope', 'resource'].map((name) => params[name]);
  return JSON.stringify([...texts, ...keys].map((text) => text ?? null));
}

/** Who signs in is what the question is about: it may be another account, in another session. */
function withoutOutdatedSession({ session, ...interaction }: AdapterPayload): AdapterPayload {
  return interaction.prompt?.name === 'login' ? interaction : { ...interaction, session };
}

function toPayload(id: string, { payload, consumedAt }: StoredArtifact): AdapterPayload {
  return {
    ...payload,
    jti: id,
    ...(consumedAt === null ? {} : { consumed: Math.floor(consumedAt.getTime() / 1000) }),
  };
}
