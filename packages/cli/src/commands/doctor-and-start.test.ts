import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge, setUp, start, type SetUpChange } from '../test-support/doctor-and-start.ts';
import { freePort } from '../test-support/test-servers.ts';

interface SetUp extends SetUpChange {
  readonly name: string;
  /** What both name. */
  readonly says: RegExp;
}

const longSecret = 'mU3xQ9vLr7Tn2Kc8Wb5Zp1Hd6Yj4Gf0SeAq7Vt3Bx9M';
const otherSecret = 'Zt4Nq8Wx1Kd7Rb3Ym9Hc5Vf2Lg6Js0Pa';

const broken: readonly SetUp[] = [
  {
    name: 'no mail server in production',
    environment: { SMTP_URL: undefined, NODE_ENV: 'production' },
    says: /SMTP_URL +is missing: without mail no user can verify an address or reset a password(\. )?$/m,
  },
  {
    name: 'no mail server at an address of others, where nothing says that this is development',
    environment: { SMTP_URL: undefined },
    config: { publicUrl: 'https://app.example.test' },
    says: /SMTP_URL.*NODE_ENV=development/,
  },
  { name: 'a mail server and no sender', config: { mail: undefined }, says: /mail\.from/ },
  {
    name: 'a mail server whose address is none of SMTP',
    environment: { SMTP_URL: 'http://127.0.0.1:9' },
    says: /smtp:\/\//,
  },
  {
    name: 'text messages and no gateway for them',
    config: { secondFactor: { methods: ['totp', 'sms'] } },
    environment: { NODE_ENV: 'production' },
    says: /SMS_GATEWAY_URL/,
  },
  {
    name: 'a gateway for text messages in clear',
    environment: { SMS_GATEWAY_URL: 'http://sms.example.test' },
    says: /SMS_GATEWAY_URL/,
  },
  {
    name: 'a weak root secret in the environment',
    environment: { SALLYPORT_SECRET: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    says: /SALLYPORT_SECRET cannot be used/,
  },
  {
    name: 'a root secret that others can read',
    environment: { SALLYPORT_SECRET: undefined },
    prepare: (dataDir) => {
      writeFileSync(join(dataDir, 'root-secret'), `1:${otherSecret}\n`);
      chmodSync(join(dataDir, 'root-secret'), 0o644);
    },
    says: /root-secret can be read by others/,
  },
  {
    name: 'a data folder that every user can write',
    prepare: (dataDir) => chmodSync(dataDir, 0o777),
    says: /can be written by every user/,
  },
  {
    name: 'a damaged file of ended sessions',
    prepare: (dataDir) => writeFileSync(join(dataDir, 'ended-sessions.log'), 'damaged\n'),
    says: /ended-sessions\.log is damaged/,
  },
  {
    name: 'an admin listener on the network without a token',
    config: { admin: { host: '0.0.0.0', port: 0 } },
    says: /token|TOKEN/,
  },
  { name: 'workers without shared stores', config: { workers: 2 }, says: /workers.*REDIS_URL and DATABASE_URL/ },
  {
    name: 'a secret for tokens that no setting asks for',
    environment: { SALLYPORT_TOKEN_SECRET: otherSecret },
    says: /SALLYPORT_TOKEN_SECRET/,
  },
  {
    name: 'a secret for tokens that is the root secret',
    config: { tokens: { signWithSharedSecretInsteadOfKeyPairs: true } },
    environment: { SALLYPORT_SECRET: longSecret, SALLYPORT_TOKEN_SECRET: longSecret },
    says: /SALLYPORT_TOKEN_SECRET +is also the root secret/,
  },
  {
    name: 'a certificate that is not there',
    config: {
      publicUrl: 'https://app.example.test',
      tls: { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' },
    },
    says: /tls\.certFile/,
  },
  { name: 'a host that is none', config: { hosts: ['not a host!'] }, says: /hosts\.0/ },
  { name: 'a trusted proxy that is none', config: { trustedProxies: ['everybody'] }, says: /trustedProxies\.0/ },
  {
    name: 'a colour that cannot be read',
    config: { brand: { colors: { dark: { surface: '#101010', accent: '#333333' } } } },
    says: /brand\.colors\.dark\.accent +has too little contrast: accent on surface is 1\.5\d?:1, and 4\.5:1 is needed/,
  },
  { name: 'a logo that is not there', config: { brand: { logo: 'none.svg' } }, says: /brand\.logo +names a file/ },
  {
    name: 'a Redis whose address is none',
    environment: { REDIS_URL: 'http://127.0.0.1:9' },
    says: /REDIS_URL/,
  },
  {
    name: 'a file of authorities of Redis that is not there',
    config: { redis: { caFile: '/nowhere/ca.pem' } },
    environment: { REDIS_URL: 'rediss://127.0.0.1:9' },
    says: /caFile/,
  },
  {
    name: 'a database whose address is none',
    environment: { DATABASE_URL: 'mysql://127.0.0.1:9' },
    says: /DATABASE_URL/,
  },
];

const unsafe: readonly SetUp[] = [
  {
    name: 'a proxy that is not declared',
    config: { publicUrl: 'https://app.example.test' },
    says: /a proxy terminates TLS, but none is declared/,
  },
  {
    name: 'a database file that others can read',
    prepare: (dataDir) => writeFileSync(join(dataDir, 'sallyport.db'), '', { mode: 0o644 }),
    says: /sallyport\.db can be read by others/,
  },
];

describe('the start and the doctor', () => {
  it('find nothing wrong with a set-up that is sound', async () => {
    const place = await setUp({});
    expect(await place.run(['doctor'])).toMatchObject({ code: 0 });
    await start(place);
    expect(await place.run(['doctor'])).toMatchObject({ code: 0 });
  });

  it('say that messages stay in the development mailbox, where there is no mail server', async () => {
    const mailbox = { port: await freePort() };
    const place = await setUp({
      config: { mailbox, secondFactor: { methods: ['totp', 'sms'] } },
      environment: { SMTP_URL: undefined },
    });
    const { code, output } = await place.run(['doctor']);
    expect(output).toMatch(/note +mail +email and text messages stay on this machine/);
    expect(output).toContain(`http://127.0.0.1:${mailbox.port}`);
    expect(code).toBe(0);
    await start(place);
  });

  it.each(broken)('both refuse $name', async ({ says, ...change }) => {
    const { doctor, start: begun } = await judge(await setUp(change));
    expect.soft(begun.refusal).toMatch(says);
    expect([...doctor.bad.values()].join('\n')).toMatch(says);
    expect(doctor.code).toBe(1);
  });

  it('both refuse a root secret under which the signing keys were not sealed', async () => {
    const place = await setUp({});
    await start(place);
    place.environment['SALLYPORT_SECRET'] = otherSecret;
    const { doctor, start: begun } = await judge(place);
    expect(begun.refusal).toMatch(/sealed under another root secret/);
    expect([...doctor.bad]).toEqual([
      ['signing keys', expect.stringMatching(/sealed under another root secret/) as string],
    ]);
    expect(doctor.code).toBe(1);
  });

  it.each(unsafe)('both warn of $name, and the gateway starts', async ({ says, ...change }) => {
    const { doctor, start: begun } = await judge(await setUp(change));
    expect(begun.refusal).toBe('');
    expect([...doctor.warnings.values()]).toEqual([expect.stringMatching(says)]);
    expect(begun.warnings).toEqual(doctor.warnings);
    expect(doctor.code).toBe(1);
  });
});
