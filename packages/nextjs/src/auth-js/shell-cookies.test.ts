import { describe, expect, it } from 'vitest';
import { CookieTooLargeError, readParts, replaceCookies, serializeParts, shellCookiesFor } from './shell-cookies.ts';

const cookies = shellCookiesFor('https://app.example.com');
const toHeader = (lines: readonly string[]): string => lines.map((line) => line.split(';')[0] ?? '').join('; ');

describe('the cookies of a shell', () => {
  it('are __Host- on https and have the port on loopback, where cookies know none', () => {
    expect(cookies).toMatchObject({ session: '__Host-sallyport-shell-session', secure: true });
    expect(shellCookiesFor('http://localhost:3100')).toMatchObject({
      session: 'sallyport-shell-3100-session',
      secure: false,
    });
    expect(() => shellCookiesFor('http://app.example.com')).toThrow(/https/);
  });

  it('have names of which none begins with another one: next-auth joins what does', () => {
    const names = [cookies, shellCookiesFor('http://localhost:300'), shellCookiesFor('http://localhost:3000')].map(
      ({ session, tokens, signOut }) => [session, tokens, signOut],
    );
    const all = names.flat();
    for (const name of all) expect(all.filter((other) => other.startsWith(name))).toEqual([name]);
  });

  it('carry a long value in parts, and take away the parts of a longer one', () => {
    const long = 'x'.repeat(9000);
    const lines = serializeParts(cookies, long, 60);
    expect(lines.every((line) => line.length < 4096 && line.endsWith('; HttpOnly; Secure; SameSite=lax'))).toBe(true);
    expect(readParts(cookies, toHeader(lines))).toBe(long);
    const shorter = replaceCookies(toHeader(lines), serializeParts(cookies, 'short', 60));
    expect(readParts(cookies, `other=1; ${shorter}`)).toBe('short');
  });

  it('refuse a value that would not fit', () => {
    expect(() => serializeParts(cookies, 'x'.repeat(12_000), 60)).toThrow(CookieTooLargeError);
  });

  it('are not read when two of one name differ', () => {
    expect(readParts(cookies, `${cookies.tokens}.0=a; ${cookies.tokens}.0=b`)).toBeUndefined();
  });
});
