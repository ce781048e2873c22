import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Meter, RequestContext, SecurityEventLog } from '@sallyport/core';
import { whereOf, type IdentityKernel } from '@sallyport/identity';
import { grantTypes, toShortGrantType } from '../clients/oauth-client.ts';
import type { Artifacts } from './artifacts.ts';
import type { GivenAnswers } from './given-answers.ts';
import type { Grants } from './grants.ts';
import type { ProviderEvent } from './provider-events.ts';
import {
  carryOutWrites,
  endedGrantsOf,
  endsOf,
  takeBackWrites,
  type GivenAnswer,
  type TokenRequest,
} from './token-request.ts';

export interface ServeTokenParts extends Pick<IdentityKernel, 'transaction' | 'hasTransactions' | 'now'> {
  readonly artifacts: Artifacts;
  readonly answers: GivenAnswers;
  readonly grants: Grants;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly meter: Meter;
}

/** Another request for the same code or token was faster. */
class AnsweredMeanwhile extends Error {}

/** What is unknown may be any text, and a label has few values. */
function toLabel(grant: unknown): string {
  const known = grantTypes.find((each) => each === grant);
  return known === undefined ? 'other' : toShortGrantType(known);
}

/** Words of events for what was used again. */
const usedWords = { AuthorizationCode: 'code', DeviceCode: 'device-code', RefreshToken: 'refresh-token' } as const;

/**
 * Builds what finishes a request to the token endpoint, after the library has answered it.
 *
 * What the library wants to keep is kept together with its answer, and with the mark that the code or the token was used: all
 * of it, or nothing. A store that fails, or a process that is killed, leaves the code or the token as it was. An answer that is
 * lost afterwards is given again, here or at another gateway, to the same client with the same proof for some seconds: so of
 * one refresh token there is one successor, however often and at how many gateways it is presented at once.
 *
 * Rejects with `SP_STORE_UNAVAILABLE`: then nothing has happened.
 */
export function createTokenFinish(
  parts: ServeTokenParts,
): (request: TokenRequest, ctx: KoaContextWithOIDC, context: RequestContext) => Promise<void> {
  const { answers, artifacts, transaction, hasTransactions, grants, now } = parts;
  const counted = parts.meter.counter({
    name: 'sallyport_oauth_token_requests_total',
    help: 'Requests to the token endpoint of the provider: answered, repeated (an answer that was given before), refused',
    labels: ['grant', 'outcome'],
  });
  const count = (ctx: KoaContextWithOIDC, outcome: 'answered' | 'repeated' | 'refused'): void => {
    const grant = ctx.oidc?.params?.['grant_type'];
    counted.of(toLabel(grant), outcome).add();
  };

  const keepUse = async (request: TokenRequest, answer: GivenAnswer): Promise<boolean> => {
    const { used } = request;
    if (used === undefined) {
      await transaction(() => carryOutWrites(request, artifacts));
      return true;
    }
    try {
      await transaction(async () => {
        // In this order, so that without transactions what was begun and not finished is worth nothing to anyone.
        await carryOutWrites(request, artifacts);
        if (!(await answers.keep(used, request, answer))) throw new AnsweredMeanwhile();
        await artifacts.consume(used, now());
      });
      return true;
    } catch (error) {
      if (!(error instanceof AnsweredMeanwhile)) throw error;
      if (!hasTransactions) await takeBackWrites(request, artifacts);
      return false;
    }
  };

  const refuseUse = async (request: TokenRequest, context: RequestContext): Promise<void> => {
    const { isReuse, used } = request;
    const endedGrants = endedGrantsOf(request);
    const ends = endsOf(request);
    if (ends.writes.length === 0) return;
    await transaction(async () => {
      // With another proof than the first time it ends nothing: a reader of a code must not sign its user out.
      if (isReuse && endedGrants.length > 0)
        await parts.events.append({
          type: 'oauth-token.reused',
          at: now(),
          outcome: 'refused',
          ...(request.subject === undefined ? {} : { target: request.subject }),
          ...whereOf(context),
          details: { clientId: request.clientId, token: usedWords[used?.kind ?? 'RefreshToken'] },
        });
      await carryOutWrites(ends, artifacts);
    });
    for (const grantId of endedGrants) await grants.announceEnd(grantId, context);
  };

  const repeat = (ctx: KoaContextWithOIDC, answer: GivenAnswer): void => {
    ctx.status = 200;
    ctx.body = answer;
    count(ctx, 'repeated');
  };

  return async (request, ctx, context) => {
    if (request.given !== undefined) return repeat(ctx, request.given);
    if (ctx.status !== 200) {
      await refuseUse(request, context);
      return count(ctx, 'refused');
    }
    if (await keepUse(request, ctx.body as GivenAnswer)) return count(ctx, 'answered'); // The library's own object.
    const { used } = request;
    const given = used === undefined ? null : await answers.find(used, request);
    if (given !== null && given !== 'used') return repeat(ctx, given);
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
    count(ctx, 'refused');
  };
}
