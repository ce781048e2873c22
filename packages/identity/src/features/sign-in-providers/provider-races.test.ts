import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { begin, openBrowser, placeOf, signInAt, startProviderHarness } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn, type StandInClaims } from './provider-stand-in.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true };
const rounds = 3;

let standIn: ProviderStandIn;
let harness: Harness;
beforeEach(async () => {
  standIn = await startProviderStandIn();
  harness = await startProviderHarness(standIn);
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

const count = (model: string, where: { field: string; value: string }[] = []) =>
  harness.database.records.count({ model, where });

/** The answers of providers to several browsers, which arrive at the same moment. */
async function arriveTogether(people: readonly StandInClaims[]): Promise<readonly Answer[]> {
  const calls = [];
  for (const person of people) {
    const browser = openBrowser(harness);
    const back = standIn.authorize(await begin(browser), person);
    calls.push(() => browser.get(back.pathname + back.search));
  }
  return Promise.all(calls.map((call) => call()));
}

describe.skipIf(!canRace())(onDatabase('sign-ins with a provider at the same moment'), () => {
  it('use one answer once', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const browser = openBrowser(harness);
      const back = standIn.authorize(await begin(browser), ada);
      const answers = await Promise.all([0, 1, 2].map(() => browser.get(back.pathname + back.search)));
      expect(answers.map(placeOf).filter((place) => place === '/')).toHaveLength(1);
      expect(answers.map(placeOf).filter((place) => place.includes('SP_PROVIDER_FLOW_INVALID'))).toHaveLength(2);
      expect(standIn.seen.token).toBe(round + 1);
    }
    const user = await harness.identity.accounts.findByEmail(ada.email);
    expect(await harness.sessions.listLive(user?.id ?? '', harness.now())).toHaveLength(rounds);
  });

  it('make one account of one identity', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const email = `ada-${round}@example.test`;
      const person = { ...ada, sub: `ada-${round}`, email };
      const answers = await arriveTogether([person, person, person]);
      expect(answers.map(placeOf)).toEqual(['/', '/', '/']);
      expect(await count('user', [{ field: 'email', value: email }])).toBe(1);
      expect(await count('sallyportExternalIdentity', [{ field: 'subject', value: person.sub }])).toBe(1);
    }
  });

  it('make one account of one identity that comes with two addresses', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = await count('user');
      const person = { ...ada, sub: `two-${round}` };
      const answers = await arriveTogether([
        { ...person, email: `one-${round}@example.test` },
        { ...person, email: `two-${round}@example.test` },
      ]);
      expect(answers.map(placeOf)).toEqual(['/', '/']);
      expect(await count('user')).toBe(before + 1);
      expect(await count('sallyportExternalIdentity', [{ field: 'subject', value: person.sub }])).toBe(1);
    }
  });

  it('make one account of two identities that prove one address, and connect one of them', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const email = `shared-${round}@example.test`;
      const answers = await arriveTogether([
        { ...ada, sub: `first-${round}`, email },
        { ...ada, sub: `second-${round}`, email },
      ]);
      expect(answers.map(placeOf).filter((place) => place === '/')).toHaveLength(1);
      expect(answers.map(placeOf).filter((place) => place.includes('CONNECTED_ELSEWHERE'))).toHaveLength(1);
      expect(await count('user', [{ field: 'email', value: email }])).toBe(1);
    }
  });

  it('connect one of two identities to an account', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const email = `owner-${round}@example.test`;
      const id = await harness.makeUser(email);
      await arriveTogether([
        { ...ada, sub: `a-${round}`, email },
        { ...ada, sub: `b-${round}`, email },
      ]);
      expect(await count('sallyportExternalIdentity', [{ field: 'userId', value: id }])).toBe(1);
    }
  });

  it('leave nothing behind when their account is deleted meanwhile', async () => {
    for (let round = 0; round < rounds; round += 1) {
      await signInAt(standIn, openBrowser(harness), ada);
      const user = await harness.identity.accounts.findByEmail(ada.email);
      const browser = openBrowser(harness);
      const back = standIn.authorize(await begin(browser), ada);
      await Promise.all([
        browser.get(back.pathname + back.search),
        harness.identity.accounts.deleteUser(user?.id ?? ''),
      ]);
      expect(await harness.sessions.listLive(user?.id ?? '', harness.now())).toEqual([]);
      const again = await harness.identity.accounts.findByEmail(ada.email);
      expect(await count('sallyportExternalIdentity')).toBe(again === null ? 0 : 1);
      if (again !== null) await harness.identity.accounts.deleteUser(again.id);
    }
  });
});
