import { exitCodes, UsageError } from '@sallyport/core';
import { developmentFileName, parseDevelopmentFile, type DevelopmentFile } from '../../dev/development-file.ts';
import { findNestServices, type NestService } from './find-nest-services.ts';
import { requireSupportedVersion } from './framework-versions.ts';
import { findNextApps, type NextApp } from './find-next-apps.ts';
import { readGatewayConfig, type GatewayConfig } from './gateway-config.ts';
import { readPackages, type PackageFolder } from './manifests.ts';
import { findPackageManager, type PackageManager } from './package-manager.ts';
import { showPath, type Repository } from './repository.ts';

/** What a repository holds, as far as a gateway in front of it is concerned. */
export interface Survey {
  readonly repository: Repository;
  readonly packages: readonly PackageFolder[];
  readonly manager: PackageManager;
  readonly next: NextApp;
  /** Other Next.js applications, which would be zones. */
  readonly otherNextApps: readonly NextApp[];
  readonly services: readonly NestService[];
  readonly config: GatewayConfig | undefined;
  /** What `sallyport dev` runs already. */
  readonly development: DevelopmentFile | undefined;
}

/** What the caller said about the repository. */
export interface SurveyChoices {
  readonly nextFolder: string | undefined;
  readonly packageManager: string | undefined;
}

/**
 * Looks at a repository, and changes nothing.
 *
 * @throws UsageError when there is no Next.js application or no Nest service, when there are several applications and none
 *   was chosen, when one is of a version that is not supported, when the package manager is not known, and when a file
 *   cannot be read.
 */
export function takeSurvey(repository: Repository, { nextFolder, packageManager }: SurveyChoices): Survey {
  const packages = readPackages(repository);
  const apps = findNextApps(repository, packages);
  const next = chooseNext(apps, nextFolder);
  const services = findNestServices(repository, packages);
  if (services.length === 0)
    throw refusal(
      'There is no Nest service here: no package depends on @nestjs/core and has the file that starts it (src/main.ts, or the one that nest-cli.json names).',
    );
  requireSupportedVersion(repository, next.manifest, 'next');
  for (const { manifest } of services) requireSupportedVersion(repository, manifest, '@nestjs/core');
  return {
    repository,
    packages,
    manager: findPackageManager(repository, packages, packageManager),
    next,
    otherNextApps: apps.filter((app) => app !== next),
    services,
    config: readGatewayConfig(repository),
    development: readDevelopment(repository),
  };
}

function readDevelopment(repository: Repository): DevelopmentFile | undefined {
  const text = repository.read(developmentFileName);
  return text === undefined ? undefined : parseDevelopmentFile(text, exitCodes.refused);
}

function chooseNext(apps: readonly NextApp[], folder: string | undefined): NextApp {
  const folders = apps.map((app) => showPath(app.folder)).join(', ');
  if (folder !== undefined) {
    const wanted = folder.replace(/^\.\/|\/+$/g, '');
    const chosen = apps.find((app) => app.folder === (wanted === '.' ? '' : wanted));
    if (chosen !== undefined) return chosen;
    throw refusal(
      `--next names a folder without a Next.js application. ${apps.length === 0 ? 'There is none here.' : `There is ${folders}.`}`,
    );
  }
  const [only, other] = apps;
  if (only === undefined)
    throw refusal(
      'There is no Next.js application here: no package depends on next and has pages. Run this at the root of the repository. A gateway in front of services alone needs a sallyport.config.ts: docs/guides/in-my-repository.md.',
    );
  if (other !== undefined)
    throw refusal(
      `There are several Next.js applications: ${folders}. Say with --next <folder> which one is at /. The others become zones: docs/guides/in-my-repository.md.`,
    );
  return only;
}

function refusal(message: string): UsageError {
  return new UsageError(`${message} Nothing was changed.`, exitCodes.refused);
}
