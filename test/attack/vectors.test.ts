import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFixture, type Fixture } from './fixture/fixture.ts';
import { createKit, type Kit } from './runner/kit.ts';

/* Payloads of the HTTP Garden, where TEST_HTTP_GARDEN_FILE names them: their licence (GPL-3.0) keeps them out of this repository. */

const file = process.env['TEST_HTTP_GARDEN_FILE'] ?? '';
const isThere = existsSync(file);

interface Payload {
  readonly bug: string;
  readonly raw_latin1: string;
}

describe.skipIf(!isThere)('payloads of the HTTP Garden', () => {
  let fixture: Fixture;
  let kit: Kit;
  beforeAll(async () => {
    fixture = await startFixture({ program: 'built' });
    kit = await createKit(fixture.address);
  });
  afterAll(() => fixture.stop());

  it('reach the upstream as at most one request each, and only in the form that the gateway wrote', async () => {
    const { payloads } = JSON.parse(readFileSync(file, 'utf8')) as { readonly payloads: readonly Payload[] }; // Its form is known.
    expect(payloads.length).toBeGreaterThan(0);
    const failures: string[] = [];
    for (const { bug, raw_latin1: raw } of payloads) {
      for (const bytes of [raw, withOurHost(raw)]) {
        await kit.reset();
        const wire = await kit.open();
        wire.send(bytes);
        await wire.next({ milliseconds: 300 });
        wire.end();
        await wire.untilClosed(1000);
        wire.destroy();
        const seen = await kit.seen();
        const requests = countRequests(bytes);
        if (seen.length > requests) failures.push(`${bug}: the upstream saw ${seen.length} requests of ${requests}`);
        if (seen.some(({ target }) => /admin|api/.test(target))) failures.push(`${bug}: a closed path was reached`);
        if (seen.some(({ method }) => method === '')) failures.push(`${bug}: the upstream got what is no request`);
        if (!(await kit.isHealthy())) failures.push(`${bug}: nothing is answered any more`);
      }
    }
    expect(failures).toEqual([]);
  }, 120_000);
});

/** The same for a host that is served, so that it comes further. */
function withOurHost(raw: string): string {
  return raw
    .replaceAll(/^Host:[^\r\n]*/gim, 'Host: app.test')
    .replaceAll(/^(\S+) \/(?:\S*) HTTP/gm, '$1 /public/x HTTP');
}

function countRequests(bytes: string): number {
  return Math.max(1, [...bytes.matchAll(/ HTTP\/\d/g)].length);
}
