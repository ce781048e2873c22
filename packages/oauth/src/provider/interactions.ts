import type Provider from 'oidc-provider';
import type { Grant, Interaction } from 'oidc-provider';
import {
  assuranceLevels,
  builtInPages,
  isAssuranceAtLeast,
  readOwnCookie,
  SallyportError,
  type OAuthRequestAnswer,
  type RequestContext,
  type SecurityEventLog,
} from '@sallyport/core';
import { whereOf, type IdentityKernel } from '@sallyport/identity';
import type { OAuthClient } from '../clients/oauth-client.ts';
import { ClientDocumentError } from '../metadata-documents/metadata-clients.ts';
import type { Artifacts } from './artifacts.ts';
import { freshProofReason, strongerProofReason } from './interaction-policy.ts';
import { signedInOf, type SignedIn } from './our-sessions.ts';
import type { ProviderEvent } from './provider-events.ts';
import { describeScope } from './scope-words.ts';

/** What a client asks of a user, and the user's answer. */
export interface Interactions {
  /**
   * What is asked of the browser that a client sent here. Changes nothing.
   *
   * Rejects with `SP_NOT_FOUND` for a question that was never asked of this browser, or is over.
   */
  describe(uid: string, browser: AskedBrowser): Promise<OAuthRequestAnswer>;
  /**
   * Answers the question for consent, once: resolves to where the browser goes. Rejects with `SP_CONFLICT` for the second
   * answer, and as `describe` does.
   */
  decide(uid: string, decision: 'allow' | 'deny', browser: AskedBrowser): Promise<string>;
}

/** The browser that is asked. */
export interface AskedBrowser {
  readonly cookies: string | undefined;
  readonly context: RequestContext;
}

export interface InteractionParts extends Pick<IdentityKernel, 'directory' | 'policy' | 'transaction' | 'now'> {
  readonly provider: () => Provider;
  readonly artifacts: Artifacts;
  /** The client as it says that it is now, for a user at an address. */
  readonly resolveClient: (id: string, clientAddress: string) => Promise<OAuthClient | null>;
  readonly cookieName: string;
  readonly events: SecurityEventLog<ProviderEvent>;
}

type Prompt = Interaction['prompt'];

/** Builds it on the questions of the library. */
export function createInteractions(parts: InteractionParts): Interactions {
  const { provider, artifacts, resolveClient, cookieName, events, directory, transaction, now } = parts;

  const requireInteraction = async (uid: string, { cookies }: AskedBrowser): Promise<Interaction> => {
    // Another browser has no such cookie: no user answers what another one was asked.
    if (readOwnCookie(cookies, cookieName) !== uid) throw unknownRequest('not-this-browser');
    const interaction = await provider().Interaction.find(uid);
    if (interaction === undefined) throw unknownRequest('interaction-expired');
    return interaction;
  };
  const requireClient = async ({ params }: Interaction, { context }: AskedBrowser): Promise<OAuthClient> => {
    const client = await resolveClient(String(params['client_id']), context.clientAddress).catch(toGone);
    if (client === null || client.disabledAt !== undefined) throw unknownRequest('client-gone');
    return client;
  };

  return {
    async describe(uid, browser) {
      const interaction = await requireInteraction(uid, browser);
      const client = await requireClient(interaction, browser);
      const shown = { client: toShownClient(client, interaction), location: pathOf(interaction.returnTo) };
      const signedIn = signedInOf(browser.context);
      if (interaction.result === undefined && (await isLeftHalfAnswered(parts, uid)))
        throw unknownRequest('half-answered');
      if (interaction.result !== undefined) return { status: 'answered', ...shown };
      if (signedIn === undefined) return { status: 'sign-in-required', ...shown };
      if (interaction.prompt.name === 'login') return { ...nextProof(interaction, signedIn), ...shown };
      if (!isAskedOf(interaction, signedIn)) throw unknownRequest('session-changed');
      return {
        status: 'consent',
        ...shown,
        account: { name: signedIn.profile?.name ?? '', email: signedIn.profile?.email ?? '' },
        scopes: scopesOf(interaction).map((scope) => describeScope(scope, parts.policy)),
      };
    },
    async decide(uid, decision, browser) {
      const interaction = await requireInteraction(uid, browser);
      const client = await requireClient(interaction, browser);
      const signedIn = signedInOf(browser.context);
      if (signedIn === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
      if (interaction.prompt.name !== 'consent' || !isAskedOf(interaction, signedIn))
        throw unknownRequest('session-changed');
      // Read anew: what the gateway remembers may be some milliseconds old.
      if ((await directory.bySid(signedIn.sid)) === null)
        throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
      const at = now();
      await transaction(async () => {
        if (!(await artifacts.consume({ kind: 'Interaction', id: uid }, at)))
          throw new SallyportError('SP_CONFLICT', { reason: 'already-answered' });
        const report = { at, actor: signedIn.id, target: signedIn.id, sid: signedIn.sid, ...whereOf(browser.context) };
        if (decision === 'allow') {
          const details = { clientId: client.id, scopes: [...scopesOf(interaction)] };
          await events.append({ type: 'oauth-consent.given', outcome: 'success', ...report, details });
          const grantId = await grantOf(provider(), interaction, signedIn).then((grant) => grant.save());
          interaction.result = { ...interaction.lastSubmission, consent: { grantId } };
        } else {
          const details = { clientId: client.id };
          await events.append({ type: 'oauth-consent.refused', outcome: 'refused', ...report, details });
          interaction.result = { error: 'access_denied', error_description: 'the user refused' };
        }
        await interaction.persist();
      });
      return pathOf(interaction.returnTo);
    },
  };
}

/** Longer than an answer takes to be kept. */
const keepingSeconds = 10;

/** On a database without transactions a process may die between the mark that the question is answered and the answer. */
async function isLeftHalfAnswered(
  { artifacts, now }: Pick<InteractionParts, 'artifacts' | 'now'>,
  uid: string,
): Promise<boolean> {
  const consumedAt = (await artifacts.find({ kind: 'Interaction', id: uid }))?.consumedAt;
  return consumedAt instanceof Date && now().getTime() - consumedAt.getTime() > keepingSeconds * 1000;
}

/** What has to be proved before the client is answered. */
function nextProof(
  { prompt, iat }: Interaction,
  signedIn: SignedIn,
):
  | { readonly status: 'answered' | 'another-account-required' }
  | { readonly status: 'step-up-required'; readonly acr?: string } {
  if (asksForAnother(prompt, signedIn)) return { status: 'another-account-required' };
  const isOlder = Math.floor(signedIn.authTime.getTime() / 1000) < iat;
  if (prompt.reasons.includes(freshProofReason) && isOlder) return { status: 'step-up-required' };
  const acr = assuranceLevels.find((level) => level === prompt.details['acr']);
  if (prompt.reasons.includes(strongerProofReason) && acr !== undefined && !isAssuranceAtLeast(signedIn.acr, acr))
    return { status: 'step-up-required', acr };
  return { status: 'answered' };
}

/** `id_token_hint` names an account, and its signature was checked when the question was asked. */
function asksForAnother({ reasons, details }: Prompt, { id }: SignedIn): boolean {
  const hint = details['id_token_hint'];
  if (!reasons.includes('id_token_hint') || typeof hint !== 'string') return false;
  const payload: unknown = JSON.parse(Buffer.from(hint.split('.')[1] ?? '', 'base64url').toString());
  return typeof payload === 'object' && payload !== null && 'sub' in payload && payload.sub !== id;
}

/** Whether the question was asked of this sign-in: another account must not answer for it. */
function isAskedOf({ session }: Interaction, { id, sid }: SignedIn): boolean {
  return session?.accountId === id && session.uid === sid;
}

/** What the client asks for: what was never granted to it, or everything where it is asked for again. */
function scopesOf({ prompt, params }: Interaction): readonly string[] {
  const missing = [...missingScopes(prompt), ...Object.values(missingResourceScopes(prompt)).flat()];
  const asked = typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
  return [...new Set(missing.length > 0 ? missing : asked)];
}

function missingScopes({ details }: Prompt): readonly string[] {
  return Array.isArray(details['missingOIDCScope']) ? details['missingOIDCScope'].map(String) : [];
}

function missingResourceScopes({ details }: Prompt): Readonly<Record<string, readonly string[]>> {
  return (details['missingResourceScopes'] ?? {}) as Readonly<Record<string, readonly string[]>>; // The library's own details.
}

async function grantOf(
  provider: Provider,
  { grantId, prompt, params }: Interaction,
  signedIn: SignedIn,
): Promise<Grant> {
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: signedIn.id, clientId: String(params['client_id']) });
  const scopes = missingScopes(prompt);
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  for (const [resource, missing] of Object.entries(missingResourceScopes(prompt)))
    grant.addResourceScope(resource, missing.join(' '));
  return grant;
}

function toShownClient({ name, homepage, logoUri, document }: OAuthClient, { params }: Interaction) {
  return {
    name,
    ...(document === undefined ? {} : { document }),
    // Where the browser goes is what tells clients apart whose names look alike.
    host: hostOf(String(params['redirect_uri'])),
    ...(homepage === undefined ? {} : { homepage }),
    ...(logoUri === undefined ? {} : { logoUri }),
  };
}

/** What its document says now is no client any more. */
function toGone(error: unknown): null {
  if (error instanceof ClientDocumentError) return null;
  throw error;
}

function hostOf(uri: string): string {
  const { host, protocol } = new URL(uri);
  return host === '' ? protocol : host;
}

function pathOf(returnTo: string): string {
  return new URL(returnTo).pathname;
}

function unknownRequest(reason: string): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason });
}

/** Where the browser is asked. */
export function interactionPath(uid: string): string {
  return `${builtInPages.authorize}/${uid}`;
}
