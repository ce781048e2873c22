import { describe, expect, it } from 'vitest';
import { keptForAYear, toFileAnswer, type EncodedFile } from './encoded-file.ts';

const [plain, br, zip] = ['plain', 'br', 'zip'].map((text) => Buffer.from(text));
const file = { mediaType: 'text/css', content: plain ?? Buffer.of(), brotli: br, gzip: zip } satisfies EncodedFile;

describe('the answer with a file', () => {
  it.each([
    { accepts: 'gzip, br', of: file, coding: 'br', content: 'br' },
    { accepts: 'br;q=0, gzip', of: file, coding: 'gzip', content: 'zip' },
    { accepts: 'gzip, br', of: { ...file, brotli: undefined }, coding: 'gzip', content: 'zip' },
    { accepts: 'br', of: { ...file, brotli: undefined }, coding: undefined, content: 'plain' },
    { accepts: 'deflate', of: file, coding: undefined, content: 'plain' },
    { accepts: undefined, of: file, coding: undefined, content: 'plain' },
  ])('has the form $coding for $accepts', ({ accepts, of, coding, content }) => {
    const answer = toFileAnswer(of, accepts, keptForAYear);
    expect(String(answer.content)).toBe(content);
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(answer.headers).toMatchObject({ 'content-length': content.length, vary: 'accept-encoding' });
  });

  it('is for this origin alone, and kept as long as its caller says', () => {
    expect(toFileAnswer(file, '', 'no-store').headers).toMatchObject({
      'content-type': 'text/css',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
});
