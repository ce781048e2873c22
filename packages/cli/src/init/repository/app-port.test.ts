import { describe, expect, it } from 'vitest';
import { parseSource } from '../source/parse-source.ts';
import { portOfNest, portOfNext } from './app-port.ts';

const nest = (code: string, ...files: string[]) => portOfNest(parseSource(code, 'main.ts'), files);

describe('the port of a Nest application', () => {
  it.each([
    { name: 'is fixed by a number', code: `await app.listen(4000);`, port: { number: 4000 } },
    {
      name: 'is fixed by a constant',
      code: `const port = 4000;\nawait app.listen(port, '0.0.0.0');`,
      port: { number: 4000 },
    },
    {
      name: 'follows PORT',
      code: `await app.listen(process.env.PORT ?? 3000);`,
      port: { number: 3000, variable: 'PORT' },
    },
    {
      name: 'follows a variable of its own',
      code: `await app.listen(Number(process.env['API_PORT'] || '4100'));`,
      port: { number: 4100, variable: 'API_PORT' },
    },
    {
      name: 'is no radix',
      code: `app.listen(parseInt(process.env.PORT!, 10));`,
      port: { number: 3000, variable: 'PORT' },
    },
    {
      name: 'follows the configuration',
      code: `const config = app.get(ConfigService);\nconst port = config.get<number>('PORT', 4200);\nawait app.listen(port);`,
      port: { number: 4200, variable: 'PORT' },
    },
    { name: 'is unknown where it is computed', code: `await app.listen(choosePort());`, port: undefined },
    { name: 'is unknown where nothing listens', code: `export const handler = createHandler();`, port: undefined },
  ])('$name', ({ code, port }) => {
    expect(nest(code)).toEqual(port);
  });

  it('stands in a file of the environment', () => {
    const code = `await app.listen(process.env.PORT ?? 3000);`;
    expect(nest(code, '# PORT=1\nOTHER_PORT=2222\n', 'PORT="4300" # ours\n')).toEqual({
      number: 4300,
      variable: 'PORT',
    });
  });
});

describe('the port of a Next.js application', () => {
  it.each([
    { script: 'next dev', port: { number: 3000, variable: 'PORT' } },
    { script: 'next dev --turbopack -p 4000', port: { number: 4000 } },
    { script: 'next dev --port=4001', port: { number: 4001 } },
    { script: 'next dev -p $WEB_PORT', port: { number: 3000, variable: 'PORT' } },
    { script: 'cross-env X=1 next dev && other -p 99', port: { number: 3000, variable: 'PORT' } },
    { script: undefined, port: { number: 3000, variable: 'PORT' } },
  ])('is $port.number for "$script"', ({ script, port }) => {
    expect(portOfNext(script)).toEqual(port);
  });
});
