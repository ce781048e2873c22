import { describe, expect, it } from 'vitest';
import { parseConfig } from './config/parse-config.ts';

describe('a configuration with messages', () => {
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const input = {
    publicUrl: 'http://localhost:3000',
    policy: { permissions: { 'invoice:read': 'Read invoices' }, roles: { user: ['invoice:read'] } },
    messages: { consumers: { billing: { callers: ['api'], permissions: ['invoice:*'] } } },
    routes: [route],
  };
  const parse = (change: object) => parseConfig({ ...input, ...change }, 'test');
  const withConsumer = (change: object) => ({ messages: { consumers: { billing: { callers: ['api'], ...change } } } });

  it('names consumers, which need no route, and who may send to each', () => {
    expect(parse({}).messages).toEqual({
      consumers: { billing: { callers: ['api'], permissions: ['invoice:*'], profile: false } },
    });
  });

  it.each([
    { name: 'it names no consumer', change: { messages: { consumers: {} } }, message: 'must name a consumer' },
    {
      name: 'no service may send',
      change: withConsumer({ callers: [] }),
      message: 'must name a service that may send',
    },
    {
      name: 'a sender is the audience of no route',
      change: withConsumer({ callers: ['gossip'] }),
      message: 'names the caller "gossip", which is the audience of no route',
    },
    {
      name: 'a consumer asks for a permission that there is not',
      change: withConsumer({ permissions: ['order:*'] }),
      message: 'messages.consumers.billing.permissions',
    },
    { name: 'a consumer has a member too many', change: withConsumer({ secret: 'x' }), message: 'secret' },
    {
      name: 'a consumer has a name that is no audience',
      change: { messages: { consumers: { 'Billing!': { callers: ['api'] } } } },
      message: 'messages',
    },
    {
      name: 'a route stands in its way',
      change: { routes: [{ ...route, prefix: '/internal/message-tokens' }] },
      message: 'tie on /internal/message-tokens',
    },
  ])('is refused when $name', ({ change, message }) => {
    expect(() => parse(change)).toThrow(message);
  });
});
