import { describe, expect, it } from 'vitest';
import { parseProviderSecrets } from './provider-secrets.ts';

describe('the secrets of identity providers', () => {
  it('stand by their names, with blanks or line breaks between', () => {
    const { secrets, problems } = parseProviderSecrets(' google=GOCSPX-a=b\n\tapple=MIGT+/== \n');
    expect([...secrets]).toEqual([
      ['google', 'GOCSPX-a=b'],
      ['apple', 'MIGT+/=='],
    ]);
    expect(problems).toEqual([]);
  });

  it('may be none', () => {
    expect(parseProviderSecrets('')).toEqual({ secrets: new Map(), problems: [] });
  });

  it.each([
    { name: 'without a name', text: 'GOCSPX-secret', problem: 'has no name=secret as item 1' },
    { name: 'with a name that is none', text: 'a=b Acme=GOCSPX-secret', problem: 'has no name=secret as item 2' },
    { name: 'without a value', text: 'google=', problem: 'has no name=secret as item 1' },
    { name: 'twice', text: 'google=GOCSPX-secret google=b', problem: 'has the secret "google" twice' },
    { name: 'beyond ASCII', text: 'google=GOCSPX-secrét', problem: 'has a secret "google" that is not ASCII' },
  ])('are refused $name, and not shown', ({ text, problem }) => {
    const { problems } = parseProviderSecrets(text);
    expect(problems).toEqual([problem]);
    expect(problems.join('\n')).not.toContain('GOCSPX');
  });
});
