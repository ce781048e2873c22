import { SallyportError } from '@sallyport/core';
import type { AccessFilter, DecisionPoint, DecisionQuestion, PointDecision } from '@sallyport/policy';
import { Controller, Delete, Get, Param, Post, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OptionalAuth } from '../access/declare-access.ts';
import { AccessConditions } from './access-conditions.ts';
import { CheckPolicies } from './check-policies.ts';
import { loadFrom } from './policy-check.ts';
import {
  callerNamed,
  createService,
  entries,
  forgetSeen,
  issuer,
  lines,
  ProductStore,
  seen,
  table,
  urlOf,
} from './policy-service.test-support.ts';
import { SallyportAccess } from './sallyport-access.ts';

const load = loadFrom(ProductStore, (products, call) => products.find(call.text('id')));

/** A decision point whose answers a test chooses. */
const point = {
  name: 'elsewhere',
  asked: [] as DecisionQuestion[],
  answer: (): PointDecision => ({ isAllowed: false, reason: 'closed' }),
  decide: (question: DecisionQuestion): Promise<PointDecision> => {
    point.asked.push(question);
    return new Promise((resolve) => {
      resolve(point.answer());
    });
  },
} satisfies DecisionPoint & Record<string, unknown>;
const isAway = (): PointDecision => {
  throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'opa-timeout', retryAfterSeconds: 1 });
};

@Controller('products')
class ProductsController {
  @Get()
  @OptionalAuth()
  @CheckPolicies('read', 'Product')
  list(@AccessConditions('read', 'Product') readable: AccessFilter): string {
    return readable.scope;
  }

  @Get(':id')
  @OptionalAuth()
  @CheckPolicies('read', 'Product', { load, onDeny: 404 })
  find(@Param('id') id: string): string {
    seen.handled.push(id);
    return id;
  }

  @Delete(':id')
  @CheckPolicies('delete', 'Product', { load })
  remove(@Param('id') id: string): string {
    seen.handled.push(id);
    return 'deleted';
  }
}

@Controller('reports')
class ReportsController {
  @Post()
  @CheckPolicies('read', 'Report')
  read(): string {
    return 'report';
  }
}

let app: INestApplication;
beforeAll(async () => {
  const options = { decisionPoint: point };
  app = await createService({ controllers: [ProductsController, ReportsController], options });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());
beforeEach(() => {
  forgetSeen();
  point.asked.length = 0;
  point.answer = () => ({ isAllowed: false, reason: 'closed' });
});

const send = (method: string, path: string, role?: string): Promise<Response> =>
  fetch(urlOf(app) + path, {
    method,
    headers: role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` },
  });

describe('a handler with @CheckPolicies where a decision point is given', () => {
  it('is open where the point says yes, whatever the policy file says', async () => {
    point.answer = () => ({ isAllowed: true, reason: 'open' });
    // By the file a user may delete nothing.
    expect((await send('DELETE', '/products/lamp', 'user')).status).toBe(200);
    expect(point.asked).toMatchObject([{ action: 'delete', type: 'Product', record: { id: 'lamp', costCents: 900 } }]);
  });

  it('is closed where the point says no, whatever the policy file says, with its reason and its text', async () => {
    point.answer = () => ({ isAllowed: false, reason: 'audit-week', textForUser: 'Not this week.', decisionId: 'd-1' });
    const answer = await send('DELETE', '/products/lamp', 'admin');
    expect([answer.status, await answer.json()]).toMatchObject([
      403,
      { code: 'SP_POLICY_DENIED', detail: 'Not this week.' },
    ]);
    expect(seen.handled).toEqual([]);
    expect(entries).toMatchObject([{ outcome: 'denied', denial: { record: 'lamp', reason: 'audit-week' } }]);
    expect(JSON.stringify(lines)).toContain('audit-week, decision d-1');
  });

  it.each([
    { name: 'of a known caller', method: 'DELETE', path: '/products/lamp', role: 'admin' },
    { name: 'of an anonymous one', method: 'GET', path: '/products/lamp', role: undefined },
    { name: 'about no record', method: 'POST', path: '/reports', role: 'user' },
  ])('is 503 where the point has no answer to a question $name, and no denial', async ({ method, path, role }) => {
    point.answer = isAway;
    const answer = await send(method, path, role);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    expect([seen.handled, entries]).toEqual([[], []]);
  });

  it('hides a record as one that is not there, and asks about none that is not there', async () => {
    const [hidden, none] = await Promise.all([
      send('GET', '/products/lamp', 'user'),
      send('GET', '/products/none', 'user'),
    ]);
    const [one, other] = [await hidden.json(), await none.json()] as { code: string; title: string }[];
    expect([hidden.status, none.status, one?.code, one?.title]).toEqual([404, 404, other?.code, other?.title]);
    expect(point.asked).toHaveLength(1);
  });

  it('asks the point about no caller who is not known', async () => {
    expect((await send('DELETE', '/products/lamp')).status).toBe(401);
    expect(point.asked).toEqual([]);
  });

  it('filters a list by the policy file, and asks the point nothing', async () => {
    expect(await (await send('GET', '/products', 'admin')).text()).toBe('all');
    expect(await (await send('GET', '/products')).text()).toBe('some');
    expect(point.asked).toEqual([]);
  });
});

describe('SallyportAccess.decide', () => {
  const lamp = table[0];
  const access = (): SallyportAccess => app.get(SallyportAccess);

  it('gives the record back where the point says yes', async () => {
    point.answer = () => ({ isAllowed: true, reason: 'open' });
    expect(await access().decide(callerNamed('ursula'), 'delete', 'Product', lamp)).toBe(lamp);
  });

  it.each([
    { name: 'a no', answer: point.answer, record: lamp, code: 'SP_POLICY_DENIED' },
    { name: 'no answer', answer: isAway, record: lamp, code: 'SP_SERVICE_UNAVAILABLE' },
    { name: 'a record that is not there', answer: isAway, record: null, code: 'SP_NOT_FOUND' },
  ])('rejects $name with $code', async ({ answer, record, code }) => {
    point.answer = answer;
    const decided = access().decide(callerNamed('admin', ['product:any']), 'delete', 'Product', record);
    await expect(decided).rejects.toMatchObject({ code });
  });
});

describe('the option decisionPoint', () => {
  it.each([
    {
      name: 'without a policy',
      options: { decisionPoint: point, policy: undefined },
      says: /decisionPoint needs a policy/,
    },
    { name: 'that decides nothing', options: { decisionPoint: {} as never }, says: /must have the method decide/ },
  ])('stops the start $name', ({ options, says }) => {
    expect(() => createService({ options: options as object })).toThrow(says);
  });
});
