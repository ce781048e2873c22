import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures.test-support.ts';
import { editAppModule, type ServiceTrust } from './edit-app-module.ts';

const trust: ServiceTrust = {
  audience: 'api',
  publicUrl: 'http://localhost:3000',
  internalUrl: 'http://127.0.0.1:3010',
};
const edit = (text: string, className = 'AppModule') => editAppModule(text, 'src/app.module.ts', className, trust);

function changed(text: string): string {
  const result = edit(text);
  if (result.kind !== 'changed') throw new Error(JSON.stringify(result));
  expect(edit(result.text)).toEqual({ kind: 'unchanged' });
  return result.text;
}

describe('a module is left alone', () => {
  it.each([
    { name: 'whose class is not there', text: `@Module({}) export class Other {}`, reason: /no class AppModule/ },
    { name: 'without a decorator', text: `export class AppModule {}`, reason: /no @Module/ },
    {
      name: 'with metadata from elsewhere',
      text: `const metadata = {};\n@Module(metadata)\nexport class AppModule {}`,
      reason: /not a list/,
    },
    {
      name: 'with imports from elsewhere',
      text: `@Module({ imports: modules })\nexport class AppModule {}`,
      reason: /not a list/,
    },
    {
      name: 'with metadata that is spread over it',
      text: `@Module({ ...base, providers: [] })\nexport class AppModule {}`,
      reason: /not a list/,
    },
    {
      name: 'with a module of the same name',
      text: `import { SallyportModule } from "./ours";\n@Module({ imports: [] })\nexport class AppModule {}`,
      reason: /not ours/,
    },
  ])('$name', ({ text, reason }) => {
    const result = edit(text);
    expect(result.kind === 'not-understood' ? result.reason : result.kind).toMatch(reason);
  });

  it('that has the module already', () => {
    const text = `import { SallyportModule } from '@sallyport/nestjs';\n@Module({ imports: [SallyportModule.forRoot(options)] })\nexport class AppModule {}`;
    expect(edit(text)).toEqual({ kind: 'unchanged' });
  });

  it('that cannot be parsed, with its line', () => {
    expect(() => edit(`import {\n} from 'x';\n@Module({ imports: [ )\nclass AppModule {}`)).toThrow(
      /src\/app\.module\.ts cannot be read: line 3.*Nothing was changed/,
    );
  });
});

describe('a module gets SallyportModule', () => {
  it('in an empty list, as Nest writes it', () => {
    expect(changed(readFixture('nest-module-before'))).toBe(readFixture('nest-module-after'));
  });

  it('in front of a list on several lines', () => {
    const text = `@Module({\n  imports: [\n    ConfigModule.forRoot(),\n    OrdersModule,\n  ],\n})\nexport class AppModule {}\n`;
    const lines = changed(text).split('\n');
    expect(lines.findIndex((line) => line.includes('SallyportModule.forRoot'))).toBeLessThan(
      lines.findIndex((line) => line.includes('ConfigModule')),
    );
    expect(changed(text)).toContain('    }),\n    ConfigModule.forRoot(),\n    OrdersModule,\n  ],');
  });

  it('in front of a list on one line, which is broken up', () => {
    const text = `@Module({ imports: [UsersModule, OrdersModule] })\nexport class AppModule {}\n`;
    expect(changed(text)).toContain('  }),\n  UsersModule, OrdersModule,\n]');
  });

  it.each([
    { name: 'without imports', text: `@Module({\n  providers: [],\n})\nexport class AppModule {}\n` },
    { name: 'with an empty object', text: `@Module({})\nexport class AppModule {}\n` },
    { name: 'with nothing at all', text: `@Module()\nexport class AppModule {}\n` },
    { name: 'as the default export', text: `@Module({ imports: [] })\nexport default class AppModule {}\n` },
    {
      name: 'without an export beside it',
      text: `@Module({ imports: [] })\nclass AppModule {}\nexport { AppModule };\n`,
    },
  ])('$name', ({ text }) => {
    const result = changed(text);
    expect(result.match(/SallyportModule\.forRoot/g)).toHaveLength(1);
    expect(result.match(/imports: \[/g)).toHaveLength(1);
  });

  it('in the style of the file', () => {
    const text = `import { Module } from "@nestjs/common"\r\n\r\n@Module({\r\n\timports: [],\r\n})\r\nexport class AppModule {}\r\n`;
    const result = changed(text);
    expect(result).toContain('import { SallyportModule } from "@sallyport/nestjs"\r\n');
    expect(result).toContain('\r\n\t\t\taudience: "api",\r\n');
    expect(result.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('in the import that takes something from the package already', () => {
    const text = `import { Public } from '@sallyport/nestjs';\n@Module({ imports: [] })\nexport class AppModule {}\n`;
    expect(changed(text)).toContain(`import { Public, SallyportModule } from '@sallyport/nestjs';`);
  });
});
