import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greetingOf } from './greeting.ts';

const greet = (name: string) => greetingOf({ name, emailVerified: true });

describe('the greeting of a mail', () => {
  it.each([
    'Ann',
    'J. R. R. Tolkien',
    'J.R.R. Tolkien',
    'Mary-Jane O’Neil',
    'Jean-Luc de la Croix, Jr.',
    'Ludwig van Beethoven III',
    '山田太郎',
    'Наталья Иванова',
    'Ann 1984',
  ])('has the name %s', (name) => {
    expect(greet(name)).toBe(`Hello ${name},`);
  });

  it('has no name before the address is confirmed', () => {
    expect(greetingOf({ name: 'Ann', emailVerified: false })).toBe('Hello,');
  });

  it.each([
    'evil.example',
    'Win at evil。example',
    'evil．example',
    'evil . example now',
    'https://evil.example/x',
    'https evil',
    'www evil',
    'ann@evil.example',
    'ann＠evil',
    'call +1 (555) 010-0199',
    'evil[.]example',
    '//evil',
    'C:\\evil',
  ])('leaves %s out', (name) => {
    expect(greet(name)).toBe('Hello,');
  });

  it('leaves every address and every link out, whatever stands around it', () => {
    const form = fc.constantFrom('', 'ann@', 'https://', 'http://www.', 'mailto:a@');
    const link = fc.tuple(form, fc.domain()).map(([before, domain]) => before + domain);
    const around = fc.constantFrom('', 'Ann ', 'You won! ', ' now', ' – ');
    fc.assert(
      fc.property(around, link, around, (before, leading, after) => {
        expect(greet(before + leading + after)).toBe('Hello,');
      }),
    );
  });
});
