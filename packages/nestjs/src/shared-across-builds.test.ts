import { createTestPrincipal } from '@sallyport/testing';
import { expect, it, vi } from 'vitest';
import { declarationsOf } from './access/access-declaration.ts';
import { Roles } from './access/declare-access.ts';
import { SALLYPORT_OPTIONS, TOKEN_VERIFIER } from './injection-tokens.ts';
import { callerOf, rememberCaller } from './request-caller.ts';
import { requestIdOf } from './request-id.ts';

it('what one build of the package notes is known to the other', async () => {
  const request = {};
  const principal = createTestPrincipal();
  rememberCaller(request, principal);
  class Orders {}
  Roles('clerk')(Orders);

  vi.resetModules();
  const caller = await import('./request-caller.ts');
  const id = await import('./request-id.ts');
  const access = await import('./access/access-declaration.ts');
  const tokens = await import('./injection-tokens.ts');
  expect(caller.callerOf).not.toBe(callerOf);
  expect(caller.callerOf(request)).toBe(principal);
  expect(id.requestIdOf(request)).toBe(requestIdOf(request));
  expect(access.declarationsOf(Orders)).toEqual(declarationsOf(Orders));
  expect(access.declarationsOf(Orders)).toHaveLength(1);
  expect(tokens).toMatchObject({ SALLYPORT_OPTIONS, TOKEN_VERIFIER });
});
