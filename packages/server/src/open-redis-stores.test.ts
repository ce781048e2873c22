import { silentLogger, type LogFields } from '@sallyport/core';
import { createSealer } from '@sallyport/stores';
import { expect, it } from 'vitest';
import { createClosing } from './closing.ts';
import { parseConfig } from './config/parse-config.ts';
import { testPolicy } from './test-support/test-preset.ts';
import { explainFailure } from './explain-failure.ts';
import { openRedisStores } from './open-redis-stores.ts';

async function failureOf(url: string, redis: object = {}): Promise<{ text: string; lines: readonly string[] }> {
  const closing = createClosing();
  const lines: string[] = [];
  const warn = (message: string, fields?: LogFields) => void lines.push(JSON.stringify({ message, ...fields }));
  const route = { name: 'a', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'a', access: 'public' };
  const config = parseConfig({ publicUrl: 'http://localhost:1', policy: testPolicy, routes: [route], redis }, 'test');
  const sealerFor = createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }]);
  const logger = { ...silentLogger, warn };
  try {
    await openRedisStores({ url, config, sealerFor, logger, checkLogger: logger, closing, waitMilliseconds: 2000 });
    return { text: '', lines };
  } catch (error) {
    return { text: explainFailure(error), lines };
  } finally {
    await closing.close();
  }
}

it('the start waits for a Redis that is down, says so, and fails with what to do', async () => {
  // Nothing listens on the port of tcpmux.
  const { text, lines } = await failureOf('redis://u:canary@127.0.0.1:1');
  expect(text).toMatch(/^Redis does not answer \(redis-econnrefused\).*REDIS_URL/);
  expect(lines).toEqual([
    '{"message":"redis is not connected","event":"redis-disconnected","purpose":"commands","cause":"ECONNREFUSED"}',
  ]);
  expect(text + lines.join('')).not.toContain('canary');
});

it.each([
  { name: 'a URL that is none', url: 'canary', says: /REDIS_URL/ },
  { name: 'a parameter that is not known', url: 'redis://127.0.0.1:1?canary%2F=1&tls=canary', says: /REDIS_URL.*tls/ },
  { name: 'a file of authorities that is not there', redis: { caFile: '/nowhere/canary' }, says: /caFile/ },
])('the start refuses $name by its key', async ({ url = 'redis://127.0.0.1:1', redis, says }) => {
  const { text } = await failureOf(url, redis);
  expect(text).toMatch(says);
  expect(text).not.toContain('canary');
});
