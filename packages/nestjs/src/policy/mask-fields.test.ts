import { Readable } from 'node:stream';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Param,
  Res,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { Exclude } from 'class-transformer';
import { Reflector } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, OptionalAuth } from '../access/declare-access.ts';
import { MaskFields } from './mask-fields.ts';
import { createService, entries, forgetSeen, issuer, lines, table, urlOf } from './policy-service.test-support.ts';

class Entity {
  readonly #costCents = 900;
  readonly id = 'lamp';
  readonly vendorId = 'vendor-1';
  readonly status = 'published';

  get name(): string {
    return 'Lamp';
  }

  get costCents(): number {
    return this.#costCents;
  }
}

class Page {
  readonly items = table;
  readonly total = 5;
  @Exclude()
  readonly revenueCents = 1_234_567;
}

const [lamp, desk] = table;
const answers: Readonly<Record<string, () => unknown>> = {
  record: () => lamp,
  draft: () => desk,
  list: () => table,
  nothing: () => undefined,
  entity: () => new Entity(),
  document: () => ({ toJSON: () => lamp }),
  extra: () => ({ ...lamp, passwordOfVendor: 'canary-extra' }),
  wrapped: () => ({ product: lamp }),
  text: () => 'canary-text',
  number: () => 900,
  lists: () => [[lamp]],
  bytes: () => Buffer.from('canary-bytes'),
  stream: () => new StreamableFile(Readable.from(['canary-stream'])),
  texts: () => [lamp, 'canary-text'],
  empty: () => [],
};

@Controller()
@OptionalAuth()
class ProductsController {
  @Get('answers/:name')
  @MaskFields('read', 'Product')
  answer(@Param('name') name: string): unknown {
    return answers[name]?.();
  }

  @Get('strict/:name')
  @MaskFields('read', 'Product', { onHidden: 'refuse' })
  strict(@Param('name') name: string): unknown {
    return answers[name]?.();
  }

  @Get('pages')
  @MaskFields('read', 'Product', { at: 'data.items' })
  page(): unknown {
    return { data: { items: table, total: 5 }, next: 'cursor' };
  }

  @Get('pages/serialized')
  @MaskFields('read', 'Product', { at: 'items' })
  serialized(): Page {
    return new Page();
  }

  @Get('pages/without')
  @MaskFields('read', 'Product', { at: 'data.items' })
  pageWithout(): unknown {
    return { data: { rows: table } };
  }

  @Get('passthrough')
  @MaskFields('read', 'Product')
  passthrough(@Res({ passthrough: true }) _response: object): unknown {
    return lamp;
  }

  @Get('partial')
  @Authenticated()
  @MaskFields('update', 'Product')
  partial(): unknown {
    return { id: 'oven', vendorId: 'vendor-1' };
  }
}

describe.each(['Express', 'Fastify'] as const)('the answer of a handler with @MaskFields on %s', (platform) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await createService({ controllers: [ProductsController] }, platform);
    app.useGlobalInterceptors(new ClassSerializerInterceptor(app.get(Reflector)));
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());
  beforeEach(forgetSeen);

  const get = (path: string, role?: string): Promise<Response> =>
    fetch(urlOf(app) + path, {
      headers: role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` },
    });
  const shown = { id: 'lamp', name: 'Lamp', status: 'published' };

  it.each(['wrapped', 'text', 'number', 'lists', 'bytes', 'stream', 'texts'])(
    'is refused where it cannot be judged: %s',
    async (name) => {
      const answer = await get(`/answers/${name}`, 'admin');
      const body = await answer.text();
      expect([answer.status, JSON.parse(body)]).toMatchObject([500, { code: 'SP_INTERNAL' }]);
      expect(body).not.toMatch(/canary|Lamp/);
      expect(lines).toMatchObject([{ event: 'request-failed', reason: 'record-not-judgeable' }]);
      expect(lines[0]?.['stack']).toContain('Product');
    },
  );

  it('is refused where the page has no such place, or the record lacks what rules look at', async () => {
    expect((await get('/pages/without', 'admin')).status).toBe(500);
    expect(lines[0]?.['stack']).toContain('the answer has no data.items');
    expect((await get('/partial', 'admin')).status).toBe(500);
    expect(lines[1]?.['stack']).toContain('status of the record is missing');
  });

  it('is refused where the caller may see nothing of the record', async () => {
    const answer = await get('/answers/draft', 'user');
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'SP_POLICY_DENIED' }]);
    expect((await get('/answers/draft')).status).toBe(401);
    expect(entries).toMatchObject([{ outcome: 'denied', denial: { record: 'desk', action: 'read' } }]);
  });

  it.each([
    { name: 'a field', path: '/strict/record' },
    { name: 'a record', path: '/strict/list' },
    { name: 'a property that the policy does not have', path: '/strict/extra' },
  ])('is refused with onHidden where it holds $name that the caller may not see', async ({ path }) => {
    const answer = await get(path, 'user');
    const body = await answer.text();
    expect([answer.status, JSON.parse(body)]).toMatchObject([403, { code: 'SP_POLICY_DENIED' }]);
    expect(body).not.toMatch(/costCents|passwordOfVendor/);
  });

  it('says in the log which fields were hidden', async () => {
    await get('/strict/record', 'user');
    expect(lines).toMatchObject([{ reason: 'field-not-permitted', policyFields: 'vendorId costCents' }]);
  });

  it.each(['record', 'entity', 'document', 'extra'])('holds the fields that a stranger may see: %s', async (name) => {
    expect(await (await get(`/answers/${name}`)).json()).toEqual(shown);
  });

  it('holds every field for the owner, and records alone that may be seen', async () => {
    expect(await (await get('/answers/record', 'vendor')).json()).toEqual(lamp);
    expect(await (await get('/strict/record', 'vendor')).json()).toEqual(lamp);
    const list = (await (await get('/answers/list', 'vendor')).json()) as readonly object[];
    expect(list).toEqual([...table.slice(0, 3), { id: 'sofa', name: 'Sofa', status: 'published' }]);
  });

  it('leaves what stands beside the records of a page', async () => {
    expect(await (await get('/pages')).json()).toEqual({
      data: { items: [shown, { id: 'sofa', name: 'Sofa', status: 'published' }], total: 5 },
      next: 'cursor',
    });
  });

  it('stays of the class of its page, which may hide members from the serializer', async () => {
    expect(await (await get('/pages/serialized')).json()).toEqual({
      items: [shown, { id: 'sofa', name: 'Sofa', status: 'published' }],
      total: 5,
    });
  });

  it('may be nothing, an empty list, and sent beside @Res with passthrough', async () => {
    expect(await (await get('/answers/nothing')).text()).toBe('');
    expect(await (await get('/answers/empty')).json()).toEqual([]);
    expect(await (await get('/passthrough')).json()).toEqual(shown);
  });
});
