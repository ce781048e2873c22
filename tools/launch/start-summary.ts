import path from 'node:path';
import { topology } from '../../demo/topology.ts';
import type { DemoAccount, RunningSystem } from './system.ts';

type Summary = Pick<
  RunningSystem,
  'url' | 'mailbox' | 'acmeSso' | 'authority' | 'accounts' | 'commandLineClient' | 'services' | 'logFolder'
>;

/** What `npm start -- --json` prints: one line. */
export function toJsonLine({
  url,
  mailbox,
  acmeSso,
  authority,
  accounts,
  commandLineClient,
  services,
}: Summary): string {
  return JSON.stringify({
    url,
    mailbox,
    ...(acmeSso === undefined ? {} : { acmeSso }),
    ...(authority === undefined ? {} : { authority }),
    accounts: accounts.map(({ email, password, roles }) => ({ email, password, roles })),
    ...(commandLineClient === undefined ? {} : { commandLineClient }),
    services: services.map(({ name, path: servicePath }) => ({ name, path: servicePath })),
  });
}

/** What `npm start` prints: one aligned table, and five things to try. */
export function toStartTable(summary: Summary, readyAfterSeconds: number): string {
  const { url, mailbox, acmeSso, authority, accounts, commandLineClient, services, logFolder } = summary;
  const vendor = accountWith(accounts, 'vendor');
  const administrator = accountWith(accounts, 'admin');
  const rows: string[][] = [
    ['Open', url, `ready in ${readyAfterSeconds.toFixed(1)} s`],
    ['Mailbox', mailbox, 'every mail that the system sends'],
    ...(acmeSso === undefined ? [] : [['Acme SSO', acmeSso, 'another company, to sign in with']]),
    ...services.map(({ name, path: servicePath }, index) => [
      index === 0 ? 'Services' : '',
      `${url}${servicePath === '/' ? '' : servicePath}`,
      summaries.get(name) ?? name,
    ]),
    ...accounts.map(({ email, password, roles }, index) => [
      index === 0 ? 'Accounts' : '',
      email,
      `${password}   ${roles.join(', ')}`,
    ]),
    ...(commandLineClient === undefined
      ? []
      : [
          [
            'Terminal',
            `npx --no-install sallyport login --url ${url} --client ${commandLineClient}`,
            'then: npx --no-install sallyport whoami',
          ],
        ]),
    ...(authority === undefined ? [] : [['Authority', fromHere(authority), 'trust it once, as below']]),
    ['Logs', fromHere(logFolder), 'Ctrl-C stops everything'],
  ];
  const steps = [
    `Sign in as ${vendor?.email ?? 'a vendor'}, open ${url}/products and create a product.`,
    `Watch your own requests pass the stages of the gateway: ${url}/behind-the-door`,
    `Sign up with an address of your own; the verification mail arrives at ${mailbox}`,
    `Sign in as ${administrator?.email ?? 'the administrator'} in two browsers, then "sign out everywhere" at ${url}/account`,
    `Ask the shop without a browser, and see that no token leaves the gateway:\n     ${curlFor(url, vendor, authority)}`,
  ];
  const tries = steps.map((step, index) => `  ${index + 1}. ${step}`);
  const trust = authority === undefined ? [] : ['', ...howToTrust(fromHere(authority)).map((line) => `  ${line}`)];
  const table = alignColumns(rows).map((line) => `  ${line}`);
  return ['', ...table, ...trust, '', '  Five things to try', ...tries, ''].join('\n');
}

/** Pads every column but the last to its widest cell. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

const summaries: ReadonlyMap<string, string> = new Map(topology.map(({ name, summary }) => [name, summary]));

/** One command that signs in, keeps the cookie in memory and lists the products. */
function curlFor(url: string, account: DemoAccount | undefined, authority: string | undefined): string {
  const { email, password } = account ?? { email: 'vendor@example.com', password: '…' };
  const body = quote(JSON.stringify({ email, password }));
  // "--next" begins afresh, with no option of what came before.
  const trusting = authority === undefined ? '' : ` --cacert ${quote(fromHere(authority))}`;
  const signIn = `-b "" -o ${process.platform === 'win32' ? 'NUL' : '/dev/null'} -H "Content-Type: application/json" -d ${body} ${url}/auth/sign-in/email`;
  return `curl -sS${trusting} ${signIn} --next -sS${trusting} -b "" "${url}/api/shop/products?pageSize=3"`;
}

/** The authority can vouch for this machine only, and its key stays in the data folder. */
function howToTrust(file: string): readonly string[] {
  const quoted = quote(file);
  const commands: Partial<Record<NodeJS.Platform, string>> = {
    darwin: `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${quoted}`,
    win32: `certutil -user -addstore Root ${quoted}`,
  };
  const nss = `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n sallyport-development -i ${quoted}`;
  return [
    'So that browsers do not warn (the authority can vouch for localhost only)',
    `  ${commands[process.platform] ?? nss}`,
    '  Firefox: Settings, Certificates, View Certificates, Authorities, Import',
  ];
}

function fromHere(folder: string): string {
  const relative = path.relative('', folder);
  return relative.startsWith('..') ? folder : relative;
}

function quote(text: string): string {
  if (process.platform === 'win32') return `"${text.replaceAll('"', '\\"')}"`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function accountWith(accounts: readonly DemoAccount[], role: string): DemoAccount | undefined {
  return accounts.find(({ roles }) => roles.includes(role));
}
