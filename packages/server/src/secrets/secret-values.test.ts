import { describe, expect, it } from 'vitest';
import { secretNames } from '../config/environment-table.ts';
import { withoutSecrets } from './secret-values.ts';

describe('an environment without secrets', () => {
  it.each(secretNames.flatMap((name) => [name, `${name}_FILE`]))(
    'does not hold %s, in any case of its letters',
    (name) => {
      const variables = { PATH: '/bin', [name]: 'canary', [name.toLowerCase()]: 'canary' };
      expect(withoutSecrets(variables)).toEqual({ PATH: '/bin' });
    },
  );

  it('holds everything else', () => {
    const variables = { PATH: '/bin', SALLYPORT_PUBLIC_URL: 'http://localhost:3000', API_TOKEN: 'of the application' };
    expect(withoutSecrets(variables)).toEqual(variables);
  });
});
