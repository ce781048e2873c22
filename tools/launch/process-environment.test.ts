import { expect, it } from 'vitest';
import { topology } from '../../demo/topology.ts';
import { inheritedEnvironment } from './process-environment.ts';

const ofTheGateway = { SALLYPORT_SECRET: 's', SMTP_URL: 'm', SMTP_URL_FILE: 'f', DATABASE_URL: 'd', REDIS_URL: 'r' };
const ofTheShop = { MONGODB_URL: 'mongodb', MONGODB_URL_FILE: 'f' };
const variables = { PATH: '/bin', ...ofTheGateway, ...ofTheShop, TEST_REDIS_URL: 't' };

it.each(['gateway', 'gateway-2'] as const)('the launcher hands the secrets of the gateway to %s', (name) => {
  expect(inheritedEnvironment(name, variables)).toEqual({ PATH: '/bin', ...ofTheGateway });
});

it.each(['shop', 'orders'] as const)('the launcher hands the address of MongoDB to %s', (name) => {
  expect(inheritedEnvironment(name, variables)).toEqual({ PATH: '/bin', ...ofTheShop });
});

it.each([
  ...topology.map(({ name }) => name).filter((name) => name !== 'shop' && name !== 'orders'),
  'mailbox',
] as const)('the launcher hands no secret to %s', (name) => {
  expect(inheritedEnvironment(name, variables)).toEqual({ PATH: '/bin' });
});
