import { describe, expect, it, vi } from 'vitest';
import { OptionsError } from '../options/options-error.ts';
import { SallyportError } from './sallyport-error.ts';

/** The classes once more, as a program has them that loads the ES modules and the CommonJS build. */
async function loadAgain() {
  vi.resetModules();
  const errors = await import('./sallyport-error.ts');
  const options = await import('../options/options-error.ts');
  return { SallyportError: errors.SallyportError, OptionsError: options.OptionsError };
}

describe('the error classes of two builds', () => {
  it('know the instances of each other', async () => {
    const again = await loadAgain();
    expect(again.SallyportError).not.toBe(SallyportError);
    expect(new again.SallyportError('SP_FORBIDDEN')).toBeInstanceOf(SallyportError);
    expect(new SallyportError('SP_FORBIDDEN')).toBeInstanceOf(again.SallyportError);
    expect(new again.OptionsError('no')).toBeInstanceOf(OptionsError);
  });

  it.each([
    { name: 'an error of the other class', value: new OptionsError('no') },
    { name: 'a native error', value: new Error('no') },
    { name: 'an object with the same members', value: { name: 'SallyportError', code: 'SP_FORBIDDEN', status: 403 } },
    { name: 'null', value: null },
    { name: 'a text', value: 'SP_FORBIDDEN' },
  ])('do not take $name for one of theirs', ({ value }) => {
    expect(value).not.toBeInstanceOf(SallyportError);
  });

  it('leave a subclass its own instances', () => {
    class PolicyError extends OptionsError {}
    expect(new PolicyError('no')).toBeInstanceOf(OptionsError);
    expect(new PolicyError('no')).toBeInstanceOf(PolicyError);
    expect(new OptionsError('no')).not.toBeInstanceOf(PolicyError);
  });
});
