import type { AddressInfo } from 'node:net';
import type { LogFields, Logger } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { ConflictException, Controller, Get, Post, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticated, Permissions, Public } from '../access/declare-access.ts';
import { SallyportModule } from '../sallyport-module.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { Audited } from './audited.ts';
import type { AuditEntry, AuditPort } from './audit-port.ts';

const issuer = createTestIssuer({ roles: { user: [], clerk: ['order:refund'] } });
const entries: AuditEntry[] = [];
const handled: string[] = [];
const lines: LogFields[] = [];
let isAway = false;
beforeEach(() => {
  isAway = false;
  for (const list of [entries, handled, lines]) list.length = 0;
});

const audit: AuditPort = {
  record: (entry) => {
    if (isAway) return Promise.reject(new Error('the table is locked'));
    entries.push(entry);
    return Promise.resolve();
  },
};
const note = (_message: string, fields: LogFields): void => void lines.push(fields);
const logger: Logger = { info: note, warn: note, error: note };

@Controller('orders')
@Authenticated()
class OrdersController {
  @Post('refunds')
  @Permissions('order:refund')
  @Audited('order.refunded', { required: true })
  refund(): string {
    handled.push('refund');
    return 'refunded';
  }

  @Get('report')
  @Audited('report.read')
  report(): string {
    handled.push('report');
    return 'report';
  }

  @Post('conflict')
  @Audited('order.changed')
  conflict(): never {
    throw new ConflictException('canary-conflict');
  }

  @Get('open')
  @Public('a page for everyone')
  @Audited('page.read')
  open(): string {
    return 'open';
  }
}

function create(options: Partial<SallyportOptions>, controllers: readonly Type[]): Promise<INestApplication> {
  const given = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger, ...options };
  const root = { module: class Root {}, imports: [SallyportModule.forRoot(given)], controllers: [...controllers] };
  return NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false, abortOnError: false });
}

describe('a handler with @Audited', () => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    app = await create({ audit }, [OrdersController]);
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/orders`;
  });
  afterAll(() => app.close());

  const send = (method: string, path: string, role?: string): Promise<Response> =>
    fetch(url + path, {
      method,
      headers: {
        'x-request-id': 'request-1',
        ...(role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` }),
      },
    });

  it('writes what was done and for whom', async () => {
    expect((await send('GET', '/report', 'user')).status).toBe(200);
    expect(entries).toMatchObject([
      {
        action: 'report.read',
        outcome: 'succeeded',
        caller: { kind: 'user', id: 'user-1' },
        handler: 'OrdersController.report',
        transport: 'http',
        requestId: 'request-1',
      },
    ]);
    expect(entries[0]?.at).toBeInstanceOf(Date);
  });

  it('writes that it is attempted before it runs, where that is required', async () => {
    expect((await send('POST', '/refunds', 'clerk')).status).toBe(201);
    expect(entries.map(({ outcome }) => outcome)).toEqual(['attempted', 'succeeded']);
  });

  it('does not run where it is required and nothing can be written', async () => {
    isAway = true;
    const answer = await send('POST', '/refunds', 'clerk');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.text()).not.toContain('locked');
    expect(handled).toEqual([]);
  });

  it('runs where it is not required, and says in the log what is lost', async () => {
    isAway = true;
    expect((await send('GET', '/report', 'user')).status).toBe(200);
    expect(handled).toEqual(['report']);
    expect(lines).toContainEqual({ event: 'audit-entry-lost', action: 'report.read', outcome: 'succeeded' });
  });

  it('writes the name of what it threw, and not its message', async () => {
    expect((await send('POST', '/conflict', 'user')).status).toBe(409);
    expect(entries).toMatchObject([{ outcome: 'failed', error: 'ConflictException' }]);
    expect(JSON.stringify(entries)).not.toContain('canary');
  });

  it('writes nothing of what the guard refuses', async () => {
    expect((await send('POST', '/refunds', 'user')).status).toBe(403);
    expect((await send('POST', '/refunds')).status).toBe(401);
    expect([entries, handled]).toEqual([[], []]);
  });

  it('writes that a stranger called, where it is open', async () => {
    expect((await send('GET', '/open')).status).toBe(200);
    expect(entries).toMatchObject([{ action: 'page.read', caller: { kind: 'anonymous' } }]);
  });
});

describe('the start', () => {
  it('fails on a handler with @Audited where nothing can be written to', async () => {
    await expect(create({}, [OrdersController])).rejects.toThrow('OrdersController.refund is @Audited, and nothing');
  });

  it('fails on an action without a name, and on a port that is none', async () => {
    @Controller('nameless')
    class NamelessController {
      @Get()
      @Authenticated()
      @Audited(' ')
      read(): void {}
    }
    await expect(create({ audit }, [NamelessController])).rejects.toThrow('@Audited on NamelessController.read needs');
    expect(() => create({ audit: {} as never }, [])).toThrow('audit must have the method record');
  });
});
