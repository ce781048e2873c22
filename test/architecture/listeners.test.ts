import { describe, expect, it } from 'vitest';
import { isTestFile, readSources, readText, withoutComments } from './source-tree.ts';

/*
 * A page of any site reaches a port on loopback through the browser of the machine, so every place that listens has a row
 * in the documentation with the rule that sends such callers away, and one that is new is noticed here.
 */
const page = readText('docs/security/local-listeners.md');
const rows = [...page.matchAll(/^\| [^|]+ \| `([^`|]+)` +\| [^|]+ \| (.+?) +\|$/gm)].map(
  ([, file = '', rule = '']) => ({
    file,
    rule,
  }),
);

/** `createServer().listen(…)` in its forms, and what frameworks call it. */
const listening =
  /\b(?:createServer|createSecureServer|createAdaptorServer)\(|\bnew SMTPServer\(|\bserve\(\{|\b(?:app|server)\.listen\(|\bgateway\.listen(?:Internal|Machines|Redirect|ForwardAuth)?\(|\blisten\(server|\bopenListener\(/;

const listeners = readSources('packages', 'apps', 'demo', 'tools', 'examples')
  .filter(({ file }) => !isTestFile(file))
  .filter(({ text }) => listening.test(withoutComments(text)))
  .map(({ file }) => file);

/** Rules that a file shows by using them. */
const rulesOf: Readonly<Record<string, RegExp>> = {
  '`createAdminApp`': /\bcreateAdminApp\(/,
  '`createDevelopmentMailbox`': /\bcreateDevelopmentMailbox\(/,
  '`createLocalCallers`': /\bcreateLocalCallers\(/,
  firewall: /\bcreateRoutingSnapshot\(|\bgateway\.listen/,
};
const otherRules = new Set(['shared part', 'forwards bytes', 'bearer token', 'example', 'test aid', 'answers nothing']);

describe('what listens', () => {
  it('has a row each in the table of listeners, which has no other', () => {
    expect(rows.map(({ file }) => file).sort()).toEqual([...listeners].sort());
  });

  it.each(rows)('in $file uses the rule of its row', ({ file, rule }) => {
    const pattern = rulesOf[rule];
    if (pattern === undefined) expect(otherRules).toContain(rule);
    else expect(readText(file)).toMatch(pattern);
  });

  it.each([
    'packages/server/src/admin/admin-app.ts',
    'packages/identity/src/mail/require-local-caller.ts',
    'tools/launch/mailbox-process.ts',
  ])('on loopback is judged by the one rule: %s', (file) => {
    expect(readText(file)).toMatch(/\bcreateLocalCallers\(/);
  });
});
