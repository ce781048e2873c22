import { definePolicy } from '@sallyport/policy';
import { Controller, Post, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CheckPolicies } from './check-policies.ts';
import { createService, issuer, urlOf } from './policy-service.test-support.ts';

/*
 * A record that is created must pass `after` as well as `when`: both look at it as it will be.
 */

const policy = definePolicy({
  permissions: {},
  roles: { user: [] },
  records: {
    Listing: { fields: { id: 'string', status: 'string' } },
    Review: { fields: { id: 'string', status: 'string' } },
  },
  rules: [
    { allow: 'create', on: 'Listing', to: 'signed-in', after: { status: { ne: 'published' } } },
    { allow: 'create', on: 'Review', to: 'signed-in' },
    { deny: 'create', on: 'Review', after: { status: { eq: 'approved' } } },
  ],
});

@Controller()
class CreatingController {
  @Post('listings')
  @CheckPolicies('create', 'Listing', { load: ({ body }) => body as object })
  list(): string {
    return 'listed';
  }

  @Post('reviews')
  @CheckPolicies('create', 'Review', { load: ({ body }) => body as object })
  review(): string {
    return 'reviewed';
  }
}

let app: INestApplication;
beforeAll(async () => {
  app = await createService({ controllers: [CreatingController], options: { policy } });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

it.each([
  { path: '/listings', record: { id: '1', status: 'draft' }, status: 201 },
  { path: '/listings', record: { id: '1', status: 'published' }, status: 403 },
  { path: '/listings', record: { id: '1' }, status: 400 },
  { path: '/reviews', record: { id: '1', status: 'draft' }, status: 201 },
  { path: '/reviews', record: { id: '1', status: 'approved' }, status: 403 },
  // The database may give a status to a record that has none: no rule has looked at that one.
  { path: '/reviews', record: { id: '1' }, status: 400 },
])('$path with $record is answered with $status', async ({ path, record, status }) => {
  const answer = await fetch(urlOf(app) + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${issuer.tokenFor('user')}`, 'content-type': 'application/json' },
    body: JSON.stringify(record),
  });
  expect(answer.status).toBe(status);
});

it.each(['Listing', 'Review'])('the start fails where %s is created without a record to look at', async (type) => {
  @Controller('blind')
  class BlindController {
    @Post()
    @CheckPolicies('create', type)
    create(): void {}
  }
  const starting = createService({ controllers: [BlindController], options: { policy } }).then(async (made) => {
    await made.init();
    return 'started';
  });
  await expect(starting).rejects.toThrow(`@CheckPolicies('create', '${type}') has no load`);
});
