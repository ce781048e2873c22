import { describe, expect, it } from 'vitest';
import { issuer, lines, useService } from '../test-service.test-support.ts';

describe.each(['Express', 'Fastify'] as const)('a service on %s', (platform) => {
  const service = useService(platform);
  const { get, withToken } = service;

  describe('answers', () => {
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${service.url}/faults/body`, { method: 'POST', headers: { 'content-type': type }, body });

    it.each([
      { name: 'a body that is no JSON', body: '{"name":', status: 400, code: 'SP_JSON_MALFORMED' },
      {
        name: 'a huge body',
        body: JSON.stringify({ name: 'x'.repeat(2_000_000) }),
        status: 413,
        code: 'SP_BODY_TOO_LARGE',
      },
      { name: 'a missing field', body: '{}', status: 422, code: 'SP_VALIDATION_FAILED' },
      { name: 'a body of no JSON type', body: 'a,b', type: 'text/csv', status: [415, 422] },
    ])('$name as a problem', async ({ body, type, status, code }) => {
      const response = await post(body, type);
      expect([status].flat()).toContain(response.status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      const problem = (await response.json()) as { code: string; status: number };
      expect(problem.status).toBe(response.status);
      if (code !== undefined) expect(problem.code).toBe(code);
    });

    it('a missing field by its name', async () => {
      expect(await (await post('{}')).json()).toMatchObject({ errors: [{ field: 'name', message: 'Required' }] });
    });

    it.each([
      { path: '/nowhere', status: 404, code: 'SP_NOT_FOUND' },
      { path: '/faults/method', status: 405, code: 'SP_METHOD_NOT_ALLOWED' },
      { path: '/faults/media', status: 415, code: 'SP_MEDIA_TYPE_UNSUPPORTED' },
      { path: '/faults/unknown', status: 500, code: 'SP_INTERNAL' },
      { path: '/faults/text', status: 500, code: 'SP_INTERNAL' },
    ])('$path with $status and nothing of what was thrown', async ({ path, status, code }) => {
      const response = await get(`${path}?secret=canary-query`);
      const text = await response.text();
      expect(response.status).toBe(status);
      expect(JSON.parse(text)).toMatchObject({ code, status });
      expect(text).not.toContain('canary');
    });

    it.each([
      { path: '/faults/gone', status: 410, detail: 'canary-gone' },
      { path: '/faults/pipe', status: 400, detail: 'name: is too long; price must be positive' },
    ])('$path with $status and what the exception of the service says', async ({ path, status, detail }) => {
      const response = await get(path);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ type: 'about:blank', status, detail });
    });

    it('a failure of ours with a line in the log under the same id', async () => {
      const response = await get('/faults/unknown');
      expect(lines).toEqual([
        expect.objectContaining({
          message: 'request failed',
          code: 'SP_INTERNAL',
          requestId: response.headers.get('x-request-id'),
          stack: expect.stringContaining('FaultsController') as string,
        }),
      ]);
    });

    it('a refusal with a reason in the log, and never a token', async () => {
      const token = issuer.tokenFor('user');
      await withToken('/guarded/role', token);
      expect(lines).toEqual([
        expect.objectContaining({ message: 'request refused', code: 'SP_FORBIDDEN', reason: 'role-missing' }),
      ]);
      expect(JSON.stringify(lines)).not.toContain(token);
    });

    it.each([
      { role: 'user', held: '', hint: expect.stringContaining("permissions: ['*']") as string },
      { role: 'admin', held: 'product:read user:manage', hint: undefined },
    ])(
      'a refusal of $role with who it was, what was needed and what the token carries',
      async ({ role, held, hint }) => {
        await withToken('/guarded/permission', issuer.tokenFor(role));
        expect(lines).toHaveLength(1);
        expect({ hint: undefined, ...lines[0] }).toMatchObject({
          reason: 'permission-missing',
          subject: expect.any(String) as string,
          requiredPermissions: 'product:read product:create',
          heldPermissions: held,
          hint,
        });
      },
    );

    it.each([
      { sent: 'gateway-4711.a_B', kept: true },
      { sent: 'two words', kept: false },
      { sent: '{"level":"info"}', kept: false },
      { sent: 'x'.repeat(200), kept: false },
    ])('under the request id $sent of the gateway: $kept', async ({ sent, kept }) => {
      const response = await fetch(`${service.url}/nowhere`, { headers: { 'x-request-id': sent } });
      const { requestId } = (await response.json()) as { requestId: string };
      expect(requestId === sent).toBe(kept);
      expect(requestId).not.toBe('');
    });
  });
});
