import { createHmac, randomUUID } from 'node:crypto';
import { webhookSecrets } from '../fixture/gateway-config.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import type { Kit } from '../runner/kit.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, requestText, row, type RequestText } from '../runner/write-case.ts';

/* V: webhooks that are not genuine, or that come again. */

const v01 = row('V01', 'Standard Webhooks: what is signed');
const v02 = row('V02', 'Standard Webhooks: replay');
const v03 = row('V03', 'GitHub: SHA-1 beside SHA-256');
const v04 = row('V04', 'One credential in the place of another');
const v05 = row('V05', 'Bodies that are held');
const v06 = row('V06', 'Race of copies at several gateways');

const refused = { status: 401, upstream: nothing, needs: 'sallyport' } as const;

function timed(body: string, change: Partial<Record<'id' | 'timestamp' | 'signature', string>> = {}): RequestText {
  const { id = 'msg_1', timestamp = String(Math.floor(Date.now() / 1000)) } = change;
  const key = Buffer.from(webhookSecrets.timed.slice('whsec_'.length), 'base64');
  const { signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}` } =
    change;
  return {
    method: 'POST',
    target: '/webhooks/timed',
    headers: [`webhook-id: ${id}`, `webhook-timestamp: ${timestamp}`, `webhook-signature: ${signature}`],
    body,
  };
}

function plain(body: string, secret: string = webhookSecrets.plain, headers: readonly string[] = []): RequestText {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    method: 'POST',
    target: '/webhooks/plain',
    headers: [`X-Hub-Signature-256: sha256=${signature}`, ...headers],
    body,
  };
}

/** When this file was read: what is signed with it may be too old when it is sent, so that it must be wrong anyway. */
const seconds = Math.floor(Date.now() / 1000);
const wrong = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

export const webhookCases: readonly AttackCase[] = [
  ...v01.requests(
    [
      { method: 'POST', target: '/webhooks/timed', body: '{}' },
      { method: 'POST', target: '/webhooks/plain', body: '{}' },
      timed('{}', { signature: wrong }),
      timed('{}', { signature: 'v1,' }),
      timed('{}', { signature: 'v1' }),
      timed('{}', { signature: 'none' }),
      timed('{}', { signature: `v1a,${'A'.repeat(86)}==` }),
      timed('{}', { signature: `${wrong} `.repeat(40).trim() }),
      timed('{}', { id: 'a.b' }),
      timed('{}', { id: '' }),
      timed('{}', { timestamp: '0' }),
      timed('{}', { timestamp: '-1' }),
      timed('{}', { timestamp: '1e9' }),
      timed('{}', { timestamp: ' 99999999999' }),
      timed('{}', { timestamp: '99999999999' }),
      timed('{}', { timestamp: '9'.repeat(400) }),
      timed('{}', { timestamp: 'NaN' }),
      timed('{}', { timestamp: '1614265330' }),
      plain('{}', ''),
      plain('{}', 'sha256='),
      plain('{}', webhookSecrets.timed),
      { ...plain('{}'), body: '{} ' },
      { ...plain('{}'), headers: plain('{}').headers?.map((line) => line.toUpperCase()) ?? [] },
      { ...plain('{}'), headers: [...(plain('{}').headers ?? []), ...(plain('other').headers ?? [])] },
    ],
    refused,
  ),
  ...v02.requests(
    [-7200, -86_400, 7200, 86_400].map((shift) => timed('{}', { timestamp: String(seconds + shift) })),
    refused,
  ),
  v02.scenario(
    'a delivery that the service took is refused at both gateways, however it is sent again',
    async (kit) => {
      const body = JSON.stringify({ id: randomUUID() });
      for (const request of [plain(body), timed(body, { id: randomUUID() })]) {
        await kit.reset();
        if ((await statusAt(kit, 0, request)) !== 200) kit.fail('the first delivery was refused');
        for (const gateway of [0, 1, 0, 1]) {
          const copy = { ...request, headers: [...(request.headers ?? []), `X-GitHub-Delivery: ${randomUUID()}`] };
          const status = await statusAt(kit, gateway, copy);
          if (status !== 409) kit.fail(`a copy was answered ${status}`);
        }
        if ((await kit.seen()).length !== 1) kit.fail('the upstream saw a copy');
      }
    },
    'sallyport',
  ),
  ...v03.requests(
    [
      {
        ...plain('{}'),
        headers: [`X-Hub-Signature: sha1=${createHmac('sha1', webhookSecrets.plain).update('{}').digest('hex')}`],
      },
      {
        ...plain('{}'),
        headers: [`X-Hub-Signature-256: sha1=${createHmac('sha1', webhookSecrets.plain).update('{}').digest('hex')}`],
      },
    ],
    refused,
  ),
  ...v04.requests(
    [
      { ...plain('{}'), headers: [cookieOf('alice')] },
      { ...plain('{}'), headers: [cookieOf('root'), 'Origin: https://app.test', 'Sec-Fetch-Site: same-origin'] },
      { ...plain('{}'), headers: [`Authorization: Bearer ${webhookSecrets.plain}`] },
      { ...timed('{}'), headers: [`Authorization: Bearer ${webhookSecrets.timed}`] },
      {
        ...plain('{}', 'other'),
        headers: [
          ...(plain('{}', 'other').headers ?? []),
          'X-Webhook-Verified: true',
          'X-Sallyport-Caller: webhook:plain',
        ],
      },
    ],
    refused,
  ),
  ...v04.requests(
    ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].map((method) => ({ ...plain(''), method })),
    { status: 405, upstream: nothing, needs: 'sallyport' },
  ),
  ...v05.requests([plain('a'.repeat(4097)), plain('a'.repeat(100_000))], {
    status: 413,
    upstream: nothing,
    needs: 'sallyport',
  }),
  v06.scenario(
    'of twenty copies that come at once the service sees one',
    async (kit) => {
      for (let round = 0; round < 3; round++) {
        await kit.reset();
        const request = timed('{}', { id: randomUUID() });
        const statuses = await Promise.all(Array.from({ length: 20 }, (_, index) => statusAt(kit, index, request)));
        const seen = await kit.seen();
        if (seen.length !== 1) kit.fail(`the upstream saw ${seen.length}`);
        const others = statuses.filter((status) => status !== 200 && status !== 409);
        if (statuses.filter((status) => status === 200).length !== 1 || others.length > 0)
          kit.fail(`the copies were answered ${statuses.join(' ')}`);
      }
    },
    'sallyport',
  ),
];

async function statusAt(kit: Kit, gateway: number, request: RequestText): Promise<number> {
  const wire = await kit.open(gateway);
  wire.send(kit.fill(requestText(request)));
  const answer = await wire.next();
  wire.destroy();
  return answer?.status ?? 0;
}
