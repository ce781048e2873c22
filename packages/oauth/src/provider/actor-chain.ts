import type { Actor } from '@sallyport/core';
import * as z from 'zod';

/**
 * The claim `act`: who acts for the subject, and for which other actor.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693#section-4.1 RFC 8693, section 4.1}
 */
export interface ActorClaim {
  readonly sub: string;
  readonly act?: ActorClaim | undefined;
}

/** Reads the claim. */
export const actorClaimSchema: z.ZodType<ActorClaim> = z.lazy(() =>
  z.object({ sub: z.string().min(1), act: actorClaimSchema.optional() }),
);

/** How many actors a token names at most. Internal tokens name four: one is left for the zone that calls on. */
export const maxActors = 3;

/** The clients of a chain, the one that holds the token first. */
export function actorsOf(claim: ActorClaim | undefined): readonly string[] {
  return claim === undefined ? [] : [claim.sub, ...actorsOf(claim.act)];
}

/** Puts a client before the chain; one that is at its head already stays there once. */
export function withActor(claim: ActorClaim | undefined, clientId: string): ActorClaim {
  if (claim?.sub === clientId) return claim;
  return claim === undefined ? { sub: clientId } : { sub: clientId, act: claim };
}

/** The claim of a chain that a principal has. */
export function toActorClaim({ id, actor }: Actor): ActorClaim {
  return actor === undefined ? { sub: id } : { sub: id, act: toActorClaim(actor) };
}

/** The chain as a principal has it. */
export function toActor({ sub, act }: ActorClaim): Actor {
  return act === undefined ? { id: sub } : { id: sub, actor: toActor(act) };
}
