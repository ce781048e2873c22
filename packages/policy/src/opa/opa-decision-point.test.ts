import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { definePolicy } from '../definition/define-policy.ts';
import type { DecisionQuestion } from '../decisions/decision-point.ts';
import { startFakeOpa, withJson, type FakeOpa } from './fake-opa.test-support.ts';
import { createOpaDecisionPoint } from './opa-decision-point.ts';
import type { OpaDecisionPointOptions } from './opa-options.ts';

const policy = definePolicy({
  permissions: { 'product:update': "Change one's own products" },
  roles: { vendor: ['product:update'] },
  records: { Product: { fields: { id: 'string', vendorId: 'string', tags: 'string[]' }, actions: ['publish'] } },
  rules: [],
});
const vera = {
  kind: 'user',
  id: 'vera',
  roles: ['vendor', 'user'],
  permissions: ['product:update', 'a:b'],
  org: 'org_1',
  orgRoles: ['owner'],
} as const;
const question: DecisionQuestion = {
  caller: vera,
  action: 'update',
  type: 'Product',
  record: { id: 'p1', vendorId: 'vera', tags: ['a'], passwordHash: 'canary' },
};
const token = 'a-token-of-opa';

let opa: FakeOpa;
beforeAll(async () => {
  opa = await startFakeOpa();
});
afterAll(() => opa.close());
beforeEach(() => {
  opa.answer = withJson({ result: false });
});

const pointWith = (change: Partial<OpaDecisionPointOptions> = {}) =>
  createOpaDecisionPoint({ policy, url: opa.url, rule: 'shop/decision', ...change });
const ask = (change: Partial<OpaDecisionPointOptions> = {}) => pointWith(change).decide(question);
const lastAsked = () => opa.asked.at(-1);

describe('what OPA is asked', () => {
  it('is the rule, with the caller, the action and the fields that the policy declares', async () => {
    await ask();
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/data/shop/decision' });
    expect(lastAsked()?.body).toEqual({
      input: {
        subject: {
          kind: 'user',
          id: 'vera',
          roles: ['user', 'vendor'],
          permissions: ['a:b', 'product:update'],
          org: 'org_1',
          orgRoles: ['owner'],
        },
        action: 'update',
        type: 'Product',
        record: { id: 'p1', vendorId: 'vera', tags: ['a'] },
      },
    });
  });

  it('has the fields that a record keeps behind getters of its class, as the rules of the file see them', async () => {
    class Stored {
      get vendorId(): string {
        return 'vera';
      }
    }
    await pointWith().decide({ ...question, record: new Stored() });
    expect(lastAsked()?.body.input).toMatchObject({ record: { vendorId: 'vera' } });
  });

  it('has whole numbers that a database gives as bigints', async () => {
    await pointWith().decide({ ...question, record: { id: 7n, vendorId: 'vera', tags: [1n] } });
    expect(lastAsked()?.body).toMatchObject({ input: { record: { id: 7, tags: [1] } } });
  });

  it.each([
    { name: 'a number that JSON does not hold', record: () => ({ id: 2n ** 64n }) },
    {
      name: 'a record that contains itself',
      record: () => {
        const tags: unknown[] = [];
        tags.push(tags);
        return { id: 'p1', tags };
      },
    },
  ])('is not $name: that is a mistake of the service, which the log names', async ({ record }) => {
    const count = opa.asked.length;
    await expect(pointWith().decide({ ...question, record: record() })).rejects.toMatchObject({
      code: 'SP_INTERNAL',
      reason: 'opa-record-unwritable',
    });
    expect(opa.asked.length).toBe(count);
  });

  it('says of an anonymous caller that it is one, and nothing else', async () => {
    await pointWith().decide({ ...question, caller: { kind: 'anonymous' }, field: 'vendorId' });
    expect(lastAsked()?.body.input).toMatchObject({ subject: { kind: 'anonymous' }, field: 'vendorId' });
    expect(lastAsked()?.body.input['subject']).toEqual({ kind: 'anonymous' });
  });

  it.each([
    { name: 'the type', change: { type: 'Prodct' }, says: /"Prodct" is no type in the policy; there are Product/ },
    { name: 'the type of every object', change: { type: 'constructor' }, says: /"constructor" is no type/ },
    { name: 'the action', change: { action: 'publsh' }, says: /"publsh" is no action of Product.*publish/ },
    { name: 'the field', change: { field: 'vendor' }, says: /"vendor" is no field of Product/ },
  ])('is nothing where $name is not declared', async ({ change, says }) => {
    const before = opa.asked.length;
    await expect(pointWith().decide({ ...question, ...change })).rejects.toThrow(says);
    expect(opa.asked).toHaveLength(before);
  });

  it('carries the token as it is now, and without one no header', async () => {
    const tokens = ['first', 'second'];
    const point = pointWith({ token: () => `${tokens.shift() ?? ''}\n` });
    for (const expected of ['first', 'second']) {
      await point.decide(question);
      expect(lastAsked()?.headers.authorization).toBe(`Bearer ${expected}`);
    }
    await ask();
    expect(lastAsked()?.headers.authorization).toBeUndefined();
  });
});

describe('what OPA answers', () => {
  it.each([
    {
      answer: { result: true, decision_id: 'd-1' },
      decision: { isAllowed: true, reason: 'opa-allows', decisionId: 'd-1' },
    },
    { answer: { result: false }, decision: { isAllowed: false, reason: 'opa-refuses' } },
    {
      answer: { result: { allow: false, reason: 'owner-is-fixed', text: 'The vendor stays.' } },
      decision: { isAllowed: false, reason: 'owner-is-fixed', textForUser: 'The vendor stays.' },
    },
    { answer: { result: { allow: true, reason: 'own' } }, decision: { isAllowed: true, reason: 'own' } },
    // A reason goes into logs: no text that may be the record.
    {
      answer: { result: { allow: false, reason: 'vera@x\nforged' } },
      decision: { isAllowed: false, reason: 'opa-refuses' },
    },
  ])('is a decision: $answer', async ({ answer, decision }) => {
    opa.answer = withJson(answer);
    expect(await ask()).toEqual(decision);
  });

  it.each([
    { name: 'no result, as of a rule that is undefined', answer: withJson({}), reason: 'opa-undefined' },
    { name: 'a result of another kind', answer: withJson({ result: 'true' }), reason: 'opa-unreadable' },
    { name: 'a result of null', answer: withJson({ result: null }), reason: 'opa-unreadable' },
    { name: 'a list', answer: withJson({ result: [true] }), reason: 'opa-unreadable' },
    { name: 'an object without allow', answer: withJson({ result: { deny: [] } }), reason: 'opa-unreadable' },
    { name: 'allow as a text', answer: withJson({ result: { allow: 'yes' } }), reason: 'opa-unreadable' },
    { name: 'JSON that is no object', answer: withJson(true), reason: 'opa-unreadable' },
    { name: 'an error, with a body that says yes', answer: withJson({ result: true }, 500), reason: 'opa-refused' },
    { name: '401', answer: withJson({ code: 'unauthorized' }, 401), reason: 'opa-refused' },
    { name: '403', answer: withJson({ result: false }, 403), reason: 'opa-refused' },
    { name: '404', answer: withJson({}, 404), reason: 'opa-refused' },
    { name: '204', answer: (response) => void response.writeHead(204).end(), reason: 'opa-refused' },
    {
      name: 'a redirect to a yes',
      answer: (response) => void response.writeHead(307, { location: `${opa.url}/v1/data/open` }).end(),
      reason: 'opa-refused',
    },
    { name: 'no JSON', answer: (response) => void response.end('<html>'), reason: 'opa-unreadable' },
    { name: 'half of an answer', answer: (response) => void response.end('{"result": tr'), reason: 'opa-unreadable' },
    {
      name: 'more than any decision',
      answer: withJson({ result: true, padding: 'x'.repeat(70_000) }),
      reason: 'opa-unreadable',
    },
    { name: 'a cut connection', answer: (response) => void response.destroy(), reason: 'opa-unreachable' },
    { name: 'silence', answer: () => {}, reason: 'opa-timeout' },
    {
      name: 'an answer that never ends',
      answer: (response) => void response.writeHead(200).write('{"result": true'),
      reason: 'opa-timeout',
    },
  ] satisfies { name: string; answer: FakeOpa['answer']; reason: string }[])(
    'is no decision, 503 and never a no: $name',
    async ({ answer, reason }) => {
      opa.answer = answer;
      const before = opa.asked.length;
      await expect(ask({ timeoutMilliseconds: 150 })).rejects.toMatchObject({
        code: 'SP_SERVICE_UNAVAILABLE',
        status: 503,
        reason,
        retryAfterSeconds: 1,
      });
      // Nothing is asked twice, and a redirect is not followed.
      expect(opa.asked).toHaveLength(before + 1);
    },
  );

  it('is no decision where nothing listens', async () => {
    const gone = await startFakeOpa();
    await gone.close();
    await expect(ask({ url: gone.url })).rejects.toMatchObject({ status: 503, reason: 'opa-unreachable' });
  });

  it.each([
    { name: 'cannot be read', read: () => Promise.reject(new Error(token)) },
    { name: 'is empty', read: () => '' },
    { name: 'holds a line end', read: () => `${token}\r\nx: y` },
    { name: 'never comes', read: () => new Promise<string>(() => {}) },
  ])('is not even asked for where the token $name, which no error shows', async ({ read }) => {
    const before = opa.asked.length;
    const error: unknown = await ask({ token: read, timeoutMilliseconds: 100 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 503, reason: 'opa-token-missing' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(token);
    expect(opa.asked).toHaveLength(before);
  });

  it('is not waited for when the caller gives up, with the reason of the caller', async () => {
    opa.answer = () => {};
    const left = new Error('the client left');
    const giving = new AbortController();
    const decision = pointWith({ timeoutMilliseconds: 5000 }).decide(question, { signal: giving.signal });
    setTimeout(() => giving.abort(left), 20);
    await expect(decision).rejects.toBe(left);
  });
});

describe('options that cannot be used', () => {
  it.each([
    { name: 'an address with a path', change: { url: 'http://127.0.0.1:8181/v1' }, says: /url must be an origin/ },
    { name: 'an address with a password', change: { url: 'http://a:secret@127.0.0.1' }, says: /url must be an origin/ },
    { name: 'plain http to another host', change: { url: 'http://opa:8181' }, says: /allowPlainHttpOnPrivateNetwork/ },
    { name: 'no address', change: { url: 'opa' }, says: /url must be the URL of OPA/ },
    { name: 'a rule that climbs', change: { rule: '../policies' }, says: /rule must be a path below data/ },
    { name: 'a rule with a query', change: { rule: 'shop?explain=full' }, says: /rule must be a path/ },
    { name: 'an empty rule', change: { rule: '' }, says: /rule must be a path/ },
    { name: 'a token with a blank', change: { token: 'secret token' }, says: /token must be a bearer token/ },
    { name: 'no time', change: { timeoutMilliseconds: 0 }, says: /from 1 to 60000/ },
    { name: 'no policy', change: { policy: {} as never }, says: /policy must be what definePolicy/ },
    { name: 'an unknown option', change: { retries: 3 } as object, says: /retries is not an option/ },
  ])('are refused, without their values: $name', ({ change, says }) => {
    expect(() => pointWith(change)).toThrow(says);
    expect(() => pointWith(change)).not.toThrow(/secret/);
  });

  it('may be plain http on a network that is named as private', () => {
    expect(pointWith({ url: 'http://opa:8181', allowPlainHttpOnPrivateNetwork: true }).name).toBe('opa');
  });
});
