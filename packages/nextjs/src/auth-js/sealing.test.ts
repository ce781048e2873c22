import { describe, expect, it } from 'vitest';
import { createSealing } from './sealing.ts';

const [first, second] = ['first-'.padEnd(40, 'a'), 'second-'.padEnd(40, 'b')];
const sealing = createSealing([first]);

describe('a sealed text', () => {
  it('opens for its purpose and its place alone', () => {
    const sealed = sealing.seal('vault', 'the tokens', 'row 1');
    expect(sealing.open('vault', sealed, 'row 1')).toBe('the tokens');
    expect(sealing.open('vault', sealed, 'row 2')).toBeUndefined();
    expect(sealing.open('tokens', sealed, 'row 1')).toBeUndefined();
  });

  it('differs each time and holds nothing of what it seals', () => {
    const [one, other] = [sealing.seal('tokens', 'refresh-token'), sealing.seal('tokens', 'refresh-token')];
    expect(one).not.toBe(other);
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('refresh');
  });

  it('opens after the secret was rotated, and is sealed by the newest', () => {
    const before = sealing.seal('session', 'alice');
    const rotated = createSealing([second, first]);
    expect(rotated.open('session', before)).toBe('alice');
    expect(sealing.open('session', rotated.seal('session', 'alice'))).toBeUndefined();
    expect(createSealing([second]).open('session', before)).toBeUndefined();
  });

  it('does not open when any of its bytes was changed', () => {
    const bytes = Buffer.from(sealing.seal('session', 'alice'), 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(sealing.open('session', changed.toString('base64url'))).toBeUndefined();
    }
  });

  it.each(['', 'x', 'a.b.c', '%%%', 'A'.repeat(5000)])('is none when a browser sends %s', (text) => {
    expect(sealing.open('session', text)).toBeUndefined();
  });
});
