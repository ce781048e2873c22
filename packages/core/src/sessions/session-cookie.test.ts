import { describe, expect, it } from 'vitest';
import { serializeClearedSessionCookie, serializeSessionCookie, sessionCookieFor } from './session-cookie.ts';

describe('the session cookie', () => {
  it.each([
    'http://app.example.com',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
    'ftp://localhost',
  ])('refuses to exist on %s', (publicUrl) => {
    expect(() => sessionCookieFor(publicUrl)).toThrow(/https/);
  });

  it.each([
    ['http://localhost:3000', 'sallyport-3000'],
    ['http://127.0.0.1:4000', 'sallyport-4000'],
    ['http://[::1]:3000', 'sallyport-3000'],
    ['http://app.localhost', 'sallyport-80'],
    ['http://localhost:80', 'sallyport-80'],
  ])('has the port in its plain name on %s', (url, name) => {
    expect(sessionCookieFor(url)).toEqual({ name, secure: false });
  });

  it('has the __Host- prefix, Secure, Path=/ and no Domain on https', () => {
    const cookie = serializeSessionCookie(sessionCookieFor('https://app.test'), 'token', 60);
    expect(cookie).toBe('__Host-sallyport=token; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
  });

  it('is taken away with the same name, path and flags', () => {
    expect(serializeClearedSessionCookie(sessionCookieFor('https://app.test'))).toBe(
      '__Host-sallyport=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
    );
  });
});
