import { describe, expect, it } from 'vitest';
import { parseBearerToken } from './bearer-token.ts';

describe('reading a bearer token', () => {
  it.each([
    { name: 'in the usual spelling', header: 'Bearer abc.def-ghi_jkl' },
    { name: 'with the scheme in lower case', header: 'bearer abc.def-ghi_jkl' },
    { name: 'with the scheme in upper case', header: 'BEARER abc.def-ghi_jkl' },
  ])('takes a token $name', ({ header }) => {
    expect(parseBearerToken(header)).toBe('abc.def-ghi_jkl');
  });

  it('tells no header from a bad one', () => {
    expect([parseBearerToken(undefined), parseBearerToken(null)]).toEqual([undefined, undefined]);
  });

  it.each([
    { name: 'an empty header', header: '' },
    { name: 'the scheme alone', header: 'Bearer' },
    { name: 'the scheme and a space', header: 'Bearer ' },
    { name: 'two spaces', header: 'Bearer  abc' },
    { name: 'a tab', header: 'Bearer\tabc' },
    { name: 'a space in front', header: ' Bearer abc' },
    { name: 'a space behind', header: 'Bearer abc ' },
    { name: 'two tokens', header: 'Bearer abc def' },
    { name: 'two tokens with a comma', header: 'Bearer abc, Bearer def' },
    { name: 'another scheme', header: 'Basic dXNlcjpwYXNz' },
    { name: 'DPoP', header: 'DPoP abc' },
    { name: 'no scheme', header: 'abc.def.ghi' },
    { name: 'padding in the middle', header: 'Bearer ab=c' },
    { name: 'a quoted token', header: 'Bearer "abc"' },
    { name: 'a line feed at the end', header: 'Bearer abc\n' },
    { name: 'a null byte', header: 'Bearer abc\0' },
    { name: 'a letter that folds to ASCII', header: 'Bearer abſc' },
    { name: 'several headers', header: ['Bearer abc', 'Bearer def'] },
    { name: 'one header in a list', header: ['Bearer abc'] },
    { name: 'no header in a list', header: [] },
  ])('refuses $name', ({ header }) => {
    expect(() => parseBearerToken(header)).toThrow(expect.objectContaining({ code: 'SP_TOKEN_INVALID' }));
  });
});
