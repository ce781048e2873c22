import type { Files } from './repositories.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A Next.js application with the App Router. */
export function nextFiles(folder: string, change: Files = {}): Files {
  return below(folder, {
    'package.json': json({
      name: 'web',
      private: true,
      scripts: { dev: 'next dev' },
      dependencies: { next: '16.4.5' },
    }),
    'tsconfig.json': '{}\n',
    'next.config.ts': `export default {};\n`,
    'app/layout.tsx': `export default function Layout({ children }) {\n  return (\n    <html>\n      <body>{children}</body>\n    </html>\n  );\n}\n`,
    'app/page.tsx': `export default function Page() {\n  return <p>Hello</p>;\n}\n`,
    ...change,
  });
}

/** A Nest application, of Nest 11 in CommonJS or of Nest 12 in ES modules. */
export function nestFiles(folder: string, version: 11 | 12 = 11, change: Files = {}): Files {
  const extension = version === 12 ? '.js' : '';
  return below(folder, {
    'package.json': json({
      name: 'api',
      private: true,
      ...(version === 12 ? { type: 'module' } : {}),
      scripts: { 'start:dev': 'nest start --watch' },
      dependencies: { '@nestjs/core': `^${version}.0.0` },
    }),
    'nest-cli.json': json({ sourceRoot: 'src' }),
    'src/main.ts': `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from "./app.module${extension}";\n\nasync function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(process.env.PORT ?? 3000);\n}\nvoid bootstrap();\n`,
    'src/app.module.ts': `import { Module } from '@nestjs/common';\nimport { AppController } from "./app.controller${extension}";\n\n@Module({\n  imports: [],\n  controllers: [AppController],\n})\nexport class AppModule {}\n`,
    'src/app.controller.ts': `import { Controller, Get } from '@nestjs/common';\n\n@Controller('orders')\nexport class AppController {\n  @Get()\n  list() {\n    return [];\n  }\n}\n`,
    'src/app.controller.spec.ts': `import { Controller } from '@nestjs/common';\n@Controller()\nclass Fake {}\n`,
    ...change,
  });
}

/** The lock file of a package manager. */
export function lockFile(manager: 'npm' | 'pnpm' | 'yarn', folder = ''): Files {
  const name = { npm: 'package-lock.json', pnpm: 'pnpm-lock.yaml', yarn: 'yarn.lock' }[manager];
  return below(folder, { [name]: manager === 'npm' ? '{}\n' : '' });
}

/** A repository with `apps/web` and `apps/api`, and one lock file. */
export function monorepoFiles(manager: 'npm' | 'pnpm' | 'yarn', change: Files = {}): Files {
  return {
    'package.json': json({
      name: 'acme-shop',
      private: true,
      ...(manager === 'pnpm' ? {} : { workspaces: ['apps/*'] }),
    }),
    ...(manager === 'pnpm' ? { 'pnpm-workspace.yaml': '# Ours\npackages:\n  - apps/*\n' } : {}),
    ...lockFile(manager),
    ...nextFiles('apps/web'),
    ...nestFiles('apps/api', 12),
    ...change,
  };
}

/** A repository with `web` and `api`, each with packages of its own and nothing at the root. */
export function flatFiles(change: Files = {}): Files {
  return {
    ...nextFiles('web'),
    ...nestFiles('api'),
    ...lockFile('npm', 'web'),
    ...lockFile('npm', 'api'),
    ...change,
  };
}

function below(folder: string, files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [folder === '' ? file : `${folder}/${file}`, text]),
  );
}
