import { describe, expect, it } from 'vitest';
import { problemOfPrefix } from './gateway-prefix.ts';

const whole = (prefix: string) => ({ prefix, stripPrefix: false });
const stripped = (prefix: string) => ({ prefix, stripPrefix: true });
const service = (paths: readonly string[], globalPrefix = '') => ({ audience: 'orders', globalPrefix, paths });

describe('the prefix of a service', () => {
  it.each([
    { name: 'is that of its route', routes: [whole('/api/orders')], paths: ['/api/orders', '/api/orders/:id'] },
    { name: 'is removed by its route', routes: [stripped('/api/orders')], paths: ['/orders/:id'] },
    {
      name: 'is a version behind a stripped one',
      routes: [stripped('/api/orders')],
      paths: ['/v1/orders'],
      prefix: 'v1',
    },
    { name: 'is that of one of two routes', routes: [whole('/a'), whole('/b')], paths: ['/a/x', '/b/y'] },
    { name: 'is of another case', routes: [whole('/API/orders')], paths: ['/api/Orders'] },
    { name: 'is not asked for by the root', routes: [whole('/')], paths: ['/anything'] },
    { name: 'may be a parameter', routes: [whole('/api/orders')], paths: ['/:tenant/orders/:id', '/*rest'] },
    { name: 'is of no matter where nothing is guarded', routes: [], paths: [] },
    {
      name: 'stands also in a whole route',
      routes: [stripped('/api/old'), whole('/api')],
      paths: ['/api/x'],
      prefix: 'api',
    },
  ])('$name', ({ routes, paths, prefix }) => {
    expect(problemOfPrefix(routes, service(paths, prefix))).toBeUndefined();
  });

  it.each([
    { name: 'missing', paths: ['/orders', '/orders/:id'], unreached: '/orders /orders/:id' },
    { name: 'another one', paths: ['/api/orders-old/x'], unreached: '/api/orders-old/x' },
    { name: 'shorter', paths: ['/api'], unreached: '/api' },
    { name: 'missing for some', paths: ['/api/orders/a', '/b'], unreached: '/b' },
    { name: 'missing for many', paths: ['/1', '/2', '/3', '/4', '/5', '/6'], unreached: '/1 /2 /3 /4 /5 …' },
  ])('is noticed where it is $name', ({ paths, unreached }) => {
    const problem = problemOfPrefix([whole('/api/orders')], service(paths));
    expect(problem).toMatchObject({ event: 'prefix-not-forwarded', paths: unreached });
    expect(problem?.hint).toContain('/api/orders');
  });

  it.each(['api', 'api/orders'])('is noticed where %s is removed and set again', (prefix) => {
    const problem = problemOfPrefix([stripped('/api/orders')], service([`/${prefix}/x`], prefix));
    expect(problem).toMatchObject({ event: 'prefix-stripped' });
    expect(problem?.hint).toContain(`/api/orders/${prefix}`);
  });

  it('is of no use where no route names the audience', () => {
    expect(problemOfPrefix([], service(['/x']))).toMatchObject({ event: 'no-gateway-route' });
  });
});
