import type { LogFields, Logger } from '@sallyport/core';
import { OptionsError } from '@sallyport/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../config/configuration-error.ts';
import type { SecretValues } from '../config/environment-table.ts';
import { readEnvironment, type Environment } from '../config/environment.ts';
import { createPrometheusMeter } from '../metrics/prometheus-meter.ts';
import { WorkerFailed } from '../workers/worker-failed.ts';
import { createSecretsRefresher, warningsOfSecrets } from './secrets-refresher.ts';
import { secretValuesOf } from './secret-values.ts';

const token = 'canary-admin-token-of-forty-characters-0';
const first: SecretValues = {
  SALLYPORT_ADMIN_TOKEN: `${token}1`,
  SALLYPORT_SECRET: 'canary-secret-1',
  DATABASE_URL: 'postgres://u:canary@db/sallyport',
  REDIS_URL: 'redis://:canary@redis',
  SMTP_URL: 'smtp://canary@mail',
};

interface Behaviour {
  readonly load?: () => Promise<Environment>;
  readonly check?: () => Promise<void>;
  readonly apply?: () => void;
}

function open(behaviour: Behaviour = {}, refreshSeconds = 0) {
  let next: SecretValues = first;
  const applied: SecretValues[] = [];
  const lines: { readonly message: string; readonly fields: LogFields }[] = [];
  const line = (message: string, fields: LogFields): void => void lines.push({ message, fields });
  const logger: Logger = { info: line, warn: line, error: line };
  const meter = createPrometheusMeter({ withProcess: false });
  const refresher = createSecretsRefresher({
    current: readEnvironment({}, first),
    load: behaviour.load ?? (async () => readEnvironment({}, next)),
    check: behaviour.check ?? (async () => {}),
    apply: (environment) => {
      behaviour.apply?.();
      applied.push(secretValuesOf(environment));
    },
    logger,
    meter,
    refreshSeconds,
  });
  const become = (change: Partial<Record<keyof SecretValues, string | undefined>>): void => {
    next = JSON.parse(JSON.stringify({ ...next, ...change })) as SecretValues; // Drops what is undefined.
  };
  const events = (): unknown[] => lines.map(({ fields }) => fields['event']);
  return { refresher, become, applied, lines, events, text: () => JSON.stringify(lines), meter };
}

describe('secrets that are renewed', () => {
  afterEach(() => void vi.useRealTimers());

  const fails = (error: Error) => () => Promise.reject(error);
  const refused = new ConfigurationError('secrets', [{ key: 'SMTP_URL', problem: 'is missing' }]);
  it.each([
    { name: 'cannot be read', behaviour: { load: fails(refused) }, problem: { key: 'SMTP_URL' } },
    {
      name: 'would be refused by a start',
      behaviour: { check: fails(new OptionsError('it is weak')) },
      problem: { problem: 'it is weak' },
    },
    {
      name: 'make the reader fail with a fault of ours',
      behaviour: { load: fails(new TypeError('cannot read canary')) },
      problem: { problem: 'cannot be used (TypeError)' },
    },
    {
      name: 'cannot be used by the gateway',
      behaviour: {
        apply: () => {
          throw new TypeError('canary');
        },
      },
      problem: { problem: 'cannot be used (TypeError)' },
    },
    {
      name: 'cannot be used by a worker, which said why',
      behaviour: {
        apply: () => {
          throw new WorkerFailed('no worker serves');
        },
      },
      problem: { problem: 'no worker serves' },
    },
  ])('stay as they were when they $name', async ({ behaviour, problem }) => {
    const { refresher, become, applied, events, text } = open(behaviour);
    become({ SMTP_URL: 'smtp://canary@mail-2' });
    expect(await refresher.refresh()).toMatchObject({ kind: 'refused', problems: [problem] });
    expect(applied).toEqual([]);
    expect(refresher.current().smtpUrl).toBe(first.SMTP_URL);
    expect(events()).toEqual(['secrets-not-renewed']);
    expect(refresher.condition()).toMatchObject({ refused: { problems: [problem] } });
    expect(warningsOfSecrets(refresher.condition())).toEqual(['secrets-not-renewed']);
    expect(text()).not.toMatch(/canary/);
  });

  it.each([
    { name: 'the root secret', change: { SALLYPORT_SECRET: 'canary-secret-2' }, names: ['SALLYPORT_SECRET'] },
    { name: 'a secret for tokens', change: { SALLYPORT_TOKEN_SECRET: 'canary' }, names: ['SALLYPORT_TOKEN_SECRET'] },
    {
      name: 'another database',
      change: { DATABASE_URL: 'postgres://u:canary@db-2/sallyport' },
      names: ['DATABASE_URL'],
    },
    { name: 'a database of another kind', change: { DATABASE_URL: 'mongodb://canary@db/x' }, names: ['DATABASE_URL'] },
    { name: 'no database', change: { DATABASE_URL: undefined }, names: ['DATABASE_URL'] },
    { name: 'another Redis', change: { REDIS_URL: 'redis://:canary@redis-2' }, names: ['REDIS_URL'] },
    { name: 'no mail server', change: { SMTP_URL: undefined }, names: ['SMTP_URL'] },
    { name: 'no admin token', change: { SALLYPORT_ADMIN_TOKEN: undefined }, names: ['SALLYPORT_ADMIN_TOKEN'] },
    { name: 'a gateway for text messages', change: { SMS_GATEWAY_URL: 'https://canary' }, names: ['SMS_GATEWAY_URL'] },
  ])('wait for the next start where they are $name, and are named once', async ({ change, names }) => {
    const { refresher, become, applied, events, text } = open();
    become(change);
    for (let turn = 0; turn < 2; turn++)
      expect(await refresher.refresh()).toEqual({ kind: 'renewed', changed: [], needRestart: names });
    expect(applied).toEqual([]);
    expect(secretValuesOf(refresher.current())).toEqual(first);
    expect(events()).toEqual(['secrets-need-restart']);
    expect(warningsOfSecrets(refresher.condition())).toEqual(['secrets-need-restart']);
    expect(text()).not.toMatch(/canary/);
  });

  it.each([
    { SALLYPORT_ADMIN_TOKEN: `${token}2` },
    { SMTP_URL: 'smtp://u:canary-2@mail-2' },
    { DATABASE_URL: 'postgres://v:canary-2@db/sallyport' },
    { REDIS_URL: 'redis://:canary-2@redis' },
  ])('are used at once where they may change: %j', async (change) => {
    const { refresher, become, applied, events, text } = open();
    become(change);
    expect(await refresher.refresh()).toEqual({ kind: 'renewed', changed: Object.keys(change), needRestart: [] });
    expect(await refresher.refresh()).toEqual({ kind: 'unchanged' });
    expect(applied).toEqual([{ ...first, ...change }]);
    expect(secretValuesOf(refresher.current())).toEqual({ ...first, ...change });
    expect(events()).toEqual(['secrets-renewed']);
    expect(text()).not.toMatch(/canary/);
  });

  it('are used at once as far as they may change, and the others keep the value that is in use', async () => {
    const { refresher, become, applied } = open();
    become({ SMTP_URL: 'smtp://canary@mail-2', SALLYPORT_SECRET: 'canary-secret-2' });
    expect(await refresher.refresh()).toEqual({
      kind: 'renewed',
      changed: ['SMTP_URL'],
      needRestart: ['SALLYPORT_SECRET'],
    });
    expect(applied).toEqual([{ ...first, SMTP_URL: 'smtp://canary@mail-2' }]);
  });

  it('are not used in part when an address among them cannot be read', async () => {
    const { refresher, become, applied, text } = open();
    become({ SMTP_URL: 'smtp://canary@mail-2', REDIS_URL: 'http://canary' });
    expect(await refresher.refresh()).toMatchObject({ kind: 'refused', problems: [{ key: 'REDIS_URL' }] });
    expect(applied).toEqual([]);
    expect(text()).not.toMatch(/canary/);
  });

  it('are used again after a fault, which is no longer a warning then, and every attempt is counted', async () => {
    let isBroken = true;
    const { refresher, meter } = open({
      load: async () => {
        if (isBroken) throw refused;
        return readEnvironment({}, first);
      },
    });
    await refresher.refresh();
    isBroken = false;
    expect(await refresher.refresh()).toEqual({ kind: 'unchanged' });
    expect(warningsOfSecrets(refresher.condition())).toEqual([]);
    expect(await meter.text()).toMatch(/sallyport_secret_refreshes_total\{outcome="refused"\} 1/);
    expect(await meter.text()).toMatch(/sallyport_secret_refreshes_total\{outcome="unchanged"\} 1/);
  });

  it('are named again when they wait for the next start a second time', async () => {
    const { refresher, become, events } = open();
    for (const secret of ['canary-secret-2', first.SALLYPORT_SECRET, 'canary-secret-2']) {
      become({ SALLYPORT_SECRET: secret });
      await refresher.refresh();
    }
    expect(events()).toEqual(['secrets-need-restart', 'secrets-need-restart']);
  });

  it.each([
    { name: 'are read', end: () => readEnvironment({}, { ...first, SMTP_URL: 'smtp://canary@mail-2' }) },
    {
      name: 'cannot be read',
      end: () => {
        throw refused;
      },
    },
  ])('are not used, and nothing is said of them, when they $name after the end', async ({ end }) => {
    const { refresher, applied, events } = open({
      load: async () => {
        refresher.stop();
        return end();
      },
    });
    expect(await refresher.refresh()).toEqual({ kind: 'unchanged' });
    expect([applied, events()]).toEqual([[], []]);
    expect(refresher.current().smtpUrl).toBe(first.SMTP_URL);
  });

  it('are read no more after the end, also when that comes during an attempt', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let reads = 0;
    const { refresher } = open(
      {
        load: async () => {
          reads += 1;
          if (reads === 2) refresher.stop();
          return readEnvironment({}, first);
        },
      },
      10,
    );
    refresher.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads).toBe(2);
  });

  it('are read by one attempt after another', async () => {
    let running = 0;
    let most = 0;
    const { refresher } = open({
      load: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return readEnvironment({}, first);
      },
    });
    await Promise.all(Array.from({ length: 10 }, () => refresher.refresh()));
    expect(most).toBe(1);
  });
});
