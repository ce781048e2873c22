import { readFileSync } from 'node:fs';
import { definePolicy, SallyportError, silentLogger } from '@sallyport/core';
import { createGateway } from '@sallyport/gateway';
import { createSmtpMailer } from '@sallyport/identity';
import { createSealer, openExternalDatabase, openRedis } from '@sallyport/stores';
import { describe, expect, it } from 'vitest';
import { explainFailure } from './explain-failure.ts';

const frame = /\n\s+at /;

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('a failed start', () => {
  it.each([
    {
      name: 'a native TypeError',
      work: () => (undefined as unknown as { config: { port: number } }).config.port,
      says: 'Cannot read properties of undefined',
    },
    {
      name: 'an Error of a library',
      work: () => {
        throw new Error('adapter has no model');
      },
      says: 'adapter has no model',
    },
  ])('keeps the stack of $name, which is a bug', ({ work, says }) => {
    const text = explainFailure(failureOf(work));
    expect(text).toMatch(/^The gateway could not start\./);
    expect(text).toContain(says);
    expect(text).toMatch(frame);
  });

  it.each([
    {
      name: 'an undeclared permission',
      work: () => definePolicy({ permissions: {}, roles: { user: ['order:read' as never] } }),
    },
    { name: 'a database URL', work: () => openExternalDatabase('ftp://x', silentLogger) },
    { name: 'a PostgreSQL URL', work: () => openExternalDatabase('postgres://', silentLogger) },
    { name: 'a MongoDB URL', work: () => openExternalDatabase('mongodb://', silentLogger) },
    { name: 'a Redis URL', work: () => openRedis({ url: 'http://x' }) },
    { name: 'an SMTP URL', work: () => createSmtpMailer({ url: 'http://x', from: 'a@x.test' }) },
    { name: 'a missing root secret', work: () => createSealer([]) },
    {
      name: 'a host of the gateway',
      work: () => createGateway({ publicUrl: 'http://localhost', hosts: ['no host'] } as never),
    },
    { name: 'a file that cannot be opened', work: () => readFileSync('/nowhere/at/all') },
    {
      name: 'a store that does not answer',
      work: () => {
        throw new SallyportError('SP_STORE_UNAVAILABLE');
      },
    },
  ])('says without a stack what is wrong with $name', ({ work }) => {
    const text = explainFailure(failureOf(work));
    expect(text).not.toBe('');
    expect(text).not.toMatch(frame);
  });
});
