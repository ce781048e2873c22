import { expect, it } from 'vitest';
import { inheritedEnvironment } from './process-environment.ts';

const variables = { PATH: '/bin', SALLYPORT_SECRET: 's', SMTP_URL: 'm', SMTP_URL_FILE: 'f', DATABASE_URL: 'd' };

it('hands everything to the gateway', () => {
  expect(inheritedEnvironment('gateway', variables)).toEqual(variables);
});

it('hands no secret of the gateway to a service or a zone', () => {
  expect(inheritedEnvironment('shop', variables)).toEqual({ PATH: '/bin' });
});
