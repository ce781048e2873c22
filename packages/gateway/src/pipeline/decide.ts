import { asSallyportError } from '@sallyport/core';
import type { Decision, RequestState, Stage } from './request-state.ts';
import { authenticate, type AuthenticateParts } from './stages/authenticate.ts';
import { authorize, type AuthorizeParts } from './stages/authorize.ts';
import { answerPreflight } from './stages/cross-origin.ts';
import { passFirewall, type FirewallParts } from './stages/firewall.ts';
import { limitByAddress } from './stages/limit-address.ts';
import { limitByCaller } from './stages/limit-caller.ts';
import { protect, type ProtectParts } from './stages/protect.ts';
import { findRoute, type RouteParts } from './stages/route.ts';
import { translate, type TranslateParts } from './stages/translate.ts';
import { readWebhook } from './stages/webhook.ts';

/** What the stages need. One set for the public listener, one for the internal one. */
export interface DecisionParts
  extends FirewallParts, RouteParts, AuthenticateParts, ProtectParts, AuthorizeParts, TranslateParts {}

/** What the gateway does with every request, in this order. No stage looks at what an earlier one did not settle. */
const stages: readonly { readonly name: string; readonly run: Stage<DecisionParts> }[] = [
  { name: 'firewall', run: passFirewall },
  { name: 'route', run: findRoute },
  { name: 'limit-address', run: limitByAddress },
  { name: 'cross-origin', run: answerPreflight },
  { name: 'webhook', run: readWebhook },
  { name: 'authenticate', run: authenticate },
  { name: 'limit-caller', run: limitByCaller },
  { name: 'protect', run: protect },
  { name: 'authorize', run: authorize },
  { name: 'translate', run: translate },
];

/** The names of the stages, in their order. */
export const stageNames: readonly string[] = stages.map(({ name }) => name);

/**
 * Decides what becomes of a request. Waits only when a session must be read; then the answer is a promise.
 * Never throws: whatever goes wrong in a stage is a refusal.
 */
export function decide(state: RequestState, parts: DecisionParts): Decision | Promise<Decision> {
  return decideFrom(0, state, parts);
}

function decideFrom(first: number, state: RequestState, parts: DecisionParts): Decision | Promise<Decision> {
  try {
    const run = state.timings === undefined ? runStage : runTimedStage;
    for (let index = first; index < stages.length; index++) {
      const outcome = run(index, state, parts);
      if (outcome === undefined) continue;
      if (!(outcome instanceof Promise)) return outcome;
      return outcome.then(
        (decision) => decision ?? decideFrom(index + 1, state, parts),
        (error: unknown) => refuse(error),
      );
    }
    throw new TypeError('no stage decided');
  } catch (error) {
    return refuse(error);
  }
}

function runStage(index: number, state: RequestState, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  return stageAt(index).run(state, parts);
}

function runTimedStage(index: number, state: RequestState, parts: DecisionParts): ReturnType<Stage<DecisionParts>> {
  const { name } = stageAt(index);
  state.stage = name;
  const begun = performance.now();
  const note = (): void => {
    state.timings?.push({ name, microseconds: Math.round((performance.now() - begun) * 1000) });
  };
  const outcome = runStage(index, state, parts);
  if (outcome instanceof Promise) return outcome.finally(note);
  note();
  return outcome;
}

function stageAt(index: number): (typeof stages)[number] {
  const stage = stages[index];
  if (stage === undefined) throw new TypeError('there is no such stage');
  return stage;
}

function refuse(error: unknown): Decision {
  return { kind: 'refuse', error: asSallyportError(error) };
}
