import type { AttackCase, Exchange } from './attack-case.ts';
import { CaseFailure, HygieneFailure } from './case-failure.ts';
import type { Kit } from './kit.ts';
import type { SeenRequest } from '../fixture/echo.ts';
import type { FixtureAddress } from '../fixture/fixture.ts';
import { valueOf } from './upstream-oracles.ts';
import { headerOf, type WireAnswer } from './wire.ts';

/** How a case ended. */
export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly problem: string }
  /** Nothing got through, and the refusal lacks a header. */
  | { readonly kind: 'hygiene'; readonly problem: string }
  | { readonly kind: 'not-applicable' };

const closingMilliseconds = 3000;

/** Runs one case. It passes when the answer and the oracle hold, and the gateway answers `/healthz` afterwards. */
export async function runCase(attack: AttackCase, kit: Kit): Promise<Outcome> {
  try {
    await kit.reset();
    if (attack.kind === 'scenario') await attack.run(kit);
    else await exchange(attack, kit);
    if (!(await kit.isHealthy())) kit.fail('/healthz is not answered any more');
    return { kind: 'passed' };
  } catch (error) {
    if (error instanceof HygieneFailure) return { kind: 'hygiene', problem: error.message };
    if (error instanceof CaseFailure) return { kind: 'failed', problem: error.message };
    return { kind: 'failed', problem: `the case could not be run: ${String(error)}` };
  }
}

async function exchange(attack: Exchange, kit: Kit): Promise<void> {
  const wire = await kit.open();
  try {
    const bytes = kit.fill(attack.bytes);
    wire.send(bytes);
    if (attack.ends) wire.end();
    const method = /^[A-Z]+/.exec(bytes)?.[0] ?? 'GET';
    const answer = await wire.next({ method });
    if (answer === undefined && !wire.isClosed) kit.fail(`expected ${words(attack)}; nothing was answered`);
    // Nothing follows: what was smuggled behind the request has been read by then.
    wire.end();
    await wire.untilClosed(closingMilliseconds);
    const status = answer?.status ?? 0;
    if (!attack.status.includes(status)) kit.fail(`expected ${words(attack)}; was answered ${status}`);
    const seen = await kit.seen();
    const problem = attack.upstream.check(seen, kit.context);
    if (problem !== undefined) kit.fail(`expected ${words(attack)}; answered ${status}, and ${problem}`);
    if (seen.some((request) => carriesSession(request, kit.address))) kit.fail('the upstream saw the session cookie');
    if (answer === undefined) return;
    const checks = [...attack.answer, setsNoSession(kit)];
    const problems = checks.flatMap((check) => check(answer) ?? []);
    if (problems.length > 0) kit.fail(`answered ${status}, but ${problems.join('; ')}`);
    const untidy = seen.length === 0 ? isForgotten(answer) : undefined;
    if (untidy !== undefined) throw new HygieneFailure(`answered ${status}, but ${untidy}`);
  } finally {
    wire.destroy();
  }
}

/** By its name at the beginning of a pair, or together with its value anywhere in one: an upstream may split elsewhere. */
function carriesSession(request: SeenRequest, { cookieName, cookies }: FixtureAddress): boolean {
  const bareName = cookieName.replace(/^__[A-Za-z]+-/, '').toLowerCase();
  return (valueOf(request, 'cookie') ?? '').split(/[;|]/).some((pair) => {
    if (pair.trim().startsWith(`${cookieName}=`)) return true;
    return pair.toLowerCase().includes(bareName) && Object.values(cookies).some((value) => pair.includes(value));
  });
}

/** A refusal is for one request and one person. */
function isForgotten(answer: WireAnswer): string | undefined {
  if (answer.status < 400) return undefined;
  return /no-store/.test(headerOf(answer, 'cache-control') ?? '') ? undefined : 'a cache may keep the refusal';
}

function setsNoSession(kit: Kit) {
  return (answer: WireAnswer): string | undefined =>
    (headerOf(answer, 'set-cookie') ?? '').includes(`${kit.address.cookieName}=`)
      ? 'it sets the session cookie'
      : undefined;
}

function words({ status, upstream }: Exchange): string {
  return `${status.map((code) => (code === 0 ? 'no answer' : code)).join(' or ')} and ${upstream.expects}`;
}
