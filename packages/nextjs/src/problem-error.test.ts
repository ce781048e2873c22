import { toProblem, SallyportError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { readProblem } from './problem-error.ts';

describe('reading a refusal', () => {
  it('keeps code, hint, fields, request id and waiting time of a problem', async () => {
    const error = new SallyportError('SP_TOO_MANY_ATTEMPTS', {
      retryAfterSeconds: 30,
      errors: [{ field: 'email', message: 'is not an address' }],
    });
    const { status, headers, body } = toProblem(error, { requestId: 'r-1', documentationOrigin: 'http://localhost' });

    const problem = await readProblem(new Response(JSON.stringify(body), { status, headers }));

    expect(problem).toMatchObject({
      name: 'ProblemError',
      code: 'SP_TOO_MANY_ATTEMPTS',
      status: 429,
      title: 'Too many attempts',
      hint: 'Wait for the seconds in Retry-After, then try again.',
      errors: [{ field: 'email', message: 'is not an address' }],
      requestId: 'r-1',
      retryAfterSeconds: 30,
    });
  });

  it('keeps which sign-in would be enough', async () => {
    const error = new SallyportError('SP_STEP_UP_REQUIRED', { stepUp: { acr: 'mfa', maxAgeSeconds: 300 } });
    const { status, headers, body } = toProblem(error, { requestId: 'r-1', documentationOrigin: 'http://localhost' });
    const problem = await readProblem(new Response(JSON.stringify(body), { status, headers }));
    expect(problem.stepUp).toEqual({ acr: 'mfa', maxAgeSeconds: 300 });
  });

  it('drops an unknown demand for a sign-in', async () => {
    const body = JSON.stringify({ code: 'SP_STEP_UP_REQUIRED', stepUp: { acr: '"><script>', maxAgeSeconds: '5' } });
    const headers = { 'content-type': 'application/problem+json' };
    expect((await readProblem(new Response(body, { status: 401, headers }))).stepUp).toEqual({});
  });

  it.each([
    { name: 'a web page', body: '<title>Bad gateway</title>', type: 'text/html' },
    { name: 'broken JSON', body: '{"code":"SP_FORB', type: 'application/problem+json' },
    { name: 'a list', body: '["SP_FORBIDDEN"]', type: 'application/json' },
    { name: 'nothing', body: '', type: 'application/problem+json' },
    { name: 'a code that is not ours', body: '{"code":"E_OTHER"}', type: 'application/json' },
    { name: 'a code of the wrong type', body: '{"code":{},"errors":{}}', type: 'application/json' },
    { name: 'a code in a web page', body: '{"code":"SP_FORBIDDEN"}', type: 'text/html' },
  ])('makes a problem without a code of $name', async ({ body, type }) => {
    const headers = { 'content-type': type, 'x-request-id': 'r-2' };

    const problem = await readProblem(new Response(body, { status: 502, headers }));

    expect(problem).toMatchObject({ code: undefined, status: 502, errors: [], requestId: 'r-2' });
    expect(problem.title).toBe('The server answered 502');
  });

  it('drops fields that are not fields', async () => {
    const body = JSON.stringify({ errors: [null, 'x', { field: 1 }, { field: 'name', message: 'is too short' }] });

    const problem = await readProblem(
      new Response(body, { status: 422, headers: { 'content-type': 'application/json' } }),
    );

    expect(problem.errors).toEqual([{ field: 'name', message: 'is too short' }]);
  });
});
