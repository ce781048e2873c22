import type { AddressInfo } from 'node:net';
import type { Caller, LogFields, Logger } from '@sallyport/core';
import { createTestIssuer, type TestCaller } from '@sallyport/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OptionalAuth, OrgMember, OrgRoles, Permissions, Roles } from '../access/declare-access.ts';
import { listServiceRoutes } from '../access/route-table.ts';
import { CurrentOrg, type CurrentOrganization } from '../request-organization.ts';
import { CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { applySallyportSwagger } from '../swagger.ts';

const issuer = createTestIssuer({
  roles: { user: [], owner: ['bill:read'] },
  organizationRoles: { owner: ['bill:read'], member: [] },
});
const lines: LogFields[] = [];
const note = (_message: string, fields: LogFields): void => void lines.push(fields);
const logger: Logger = { info: note, warn: note, error: note };

@Controller('team')
@OrgMember()
class TeamController {
  @Get()
  list(@CurrentOrg() { id, roles }: CurrentOrganization): string {
    return `${id}: ${roles.join()}`;
  }

  @Get('bills')
  @OrgRoles('owner', 'billing')
  bills(@CurrentOrg() { id }: CurrentOrganization): string {
    return id;
  }

  @Get('paid')
  @OrgRoles('owner')
  @Permissions('bill:read')
  paid(@CurrentOrg() { id }: CurrentOrganization): string {
    return id;
  }

  @Get('audit')
  @OrgRoles('owner')
  @Roles('auditor')
  audit(): string {
    return 'audited';
  }
}

@Controller('admin')
@Roles('owner')
class AdminController {
  @Get()
  all(): string {
    return 'all of the deployment';
  }

  @Get('mine')
  mine(@CurrentOrg() { id }: CurrentOrganization): string {
    return id;
  }

  @Get('maybe')
  @OptionalAuth()
  maybe(@CurrentPrincipal() _caller: Caller, @CurrentOrg() { id }: CurrentOrganization): string {
    return id;
  }
}

describe.each(['Express', 'Fastify'] as const)('a handler of an organization on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    const { issuer: from, audience } = issuer;
    const root = {
      module: class Root {},
      imports: [SallyportModule.forRoot({ issuer: from, audience, keys: issuer.jwks(), logger })],
      controllers: [TeamController, AdminController],
    };
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  });
  afterAll(() => app.close());
  beforeEach(() => void lines.splice(0));

  const get = async (
    path: string,
    caller?: TestCaller,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly [number, string]> => {
    const authorization = caller === undefined ? {} : { authorization: `Bearer ${issuer.issueToken(caller)}` };
    const answer = await fetch(`${url}${path}`, { headers: { ...headers, ...authorization } });
    const text = await answer.text();
    return [answer.status, answer.ok ? text : (JSON.parse(text) as { readonly code: string }).code];
  };
  const member = { org: 'acme', orgRoles: ['member'] };
  const owner = { org: 'acme', orgRoles: ['owner'] };

  it.each([
    { name: 'no token', path: '/team', caller: undefined, outcome: [401, 'SP_UNAUTHENTICATED'] },
    { name: 'no organization', path: '/team', caller: {}, outcome: [403, 'SP_FORBIDDEN'] },
    { name: 'another role inside it', path: '/team/bills', caller: member, outcome: [403, 'SP_FORBIDDEN'] },
    {
      name: 'a role of the deployment of that name',
      path: '/team/bills',
      caller: { ...member, roles: ['owner'] },
      outcome: [403, 'SP_FORBIDDEN'],
    },
    {
      name: 'a role inside an organization where one of the deployment is asked for',
      path: '/admin',
      caller: owner,
      outcome: [403, 'SP_FORBIDDEN'],
    },
    {
      name: 'the role and not the permission beside it',
      path: '/team/paid',
      caller: { ...owner, permissions: [] },
      outcome: [403, 'SP_FORBIDDEN'],
    },
    { name: 'the role inside it alone of two', path: '/team/audit', caller: owner, outcome: [403, 'SP_FORBIDDEN'] },
    {
      name: 'no organization where the handler wants to know it',
      path: '/admin/mine',
      caller: { roles: ['owner'] },
      outcome: [403, 'SP_FORBIDDEN'],
    },
    {
      name: 'no token where the handler wants to know it',
      path: '/admin/maybe',
      caller: undefined,
      outcome: [401, 'SP_UNAUTHENTICATED'],
    },
  ])('refuses a caller with $name', async ({ path, caller, outcome }) => {
    expect(await get(path, caller)).toEqual(outcome);
  });

  it.each([
    { path: '/team', caller: member, answer: 'acme: member' },
    { path: '/team/bills', caller: owner, answer: 'acme' },
    { path: '/team/paid', caller: owner, answer: 'acme' },
    { path: '/admin/mine', caller: { ...member, roles: ['owner'] }, answer: 'acme' },
  ])('serves $path to a caller who has what it asks for', async ({ path, caller, answer }) => {
    expect(await get(path, caller)).toEqual([200, answer]);
  });

  it('takes the organization from the token, whatever the request says of itself', async () => {
    const said = { 'x-org': 'globex', 'x-organization': 'globex', 'x-tenant': 'globex', org: 'globex' };
    expect(await get('/team/bills?org=globex&organization=globex', owner, said)).toEqual([200, 'acme']);
    expect(await get('/team?org=acme', {}, { 'x-org': 'acme' })).toEqual([403, 'SP_FORBIDDEN']);
  });

  it('says in the log what was missing, and what the caller holds inside the organization', async () => {
    await get('/team', {});
    await get('/team/bills', member);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'request-refused', status: 403, reason: 'organization-missing' }),
      expect.objectContaining({
        event: 'request-refused',
        reason: 'organization-role-missing',
        requiredOrgRoles: 'owner billing',
        heldOrgRoles: 'member',
        org: 'acme',
      }),
    ]);
  });

  it('is listed with what it asks for', () => {
    const routes = listServiceRoutes(app).filter(({ handler }) => handler.startsWith('Team'));
    expect(Object.fromEntries(routes.map((one) => [one.route, [one.inOrganization, one.orgRoles, one.roles]]))).toEqual(
      {
        'GET /team': [true, [], []],
        'GET /team/bills': [true, [['owner', 'billing']], []],
        'GET /team/paid': [true, [['owner']], []],
        'GET /team/audit': [true, [['owner']], [['auditor']]],
      },
    );
  });

  it('says in the OpenAPI document what it asks for', () => {
    const config = applySallyportSwagger(app, new DocumentBuilder().build());
    const { paths } = SwaggerModule.createDocument(app, config);
    expect(paths['/team']?.get?.responses['403']).toMatchObject({ description: 'Needs an active organization' });
    expect(paths['/team/bills']?.get?.responses['403']).toMatchObject({
      description: 'Needs an active organization; Needs the role owner or billing in the active organization',
    });
  });
});

describe('the start', () => {
  it('is refused for @OrgRoles without a role, and beside what opens the handler', async () => {
    @Controller('bad')
    class BadController {
      @Get('empty')
      @OrgRoles()
      empty(): string {
        return '';
      }

      @Get('open')
      @OptionalAuth()
      @OrgMember()
      open(): string {
        return '';
      }
    }
    const { issuer: from, audience } = issuer;
    const root = {
      module: class Root {},
      imports: [SallyportModule.forRoot({ issuer: from, audience, keys: issuer.jwks(), logger })],
      controllers: [BadController],
    };
    const start = NestFactory.create(root, new ExpressAdapter(), { logger: false, abortOnError: false });
    await expect(start).rejects.toThrow(/BadController\.empty: @OrgRoles on the handler needs at least one role/);
    await expect(start).rejects.toThrow(/BadController\.open: the handler is @OptionalAuth and guarded at once/);
  });
});
