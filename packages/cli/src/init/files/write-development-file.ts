import type { DevelopmentFile } from '../../dev/development-file.ts';
import type { Choices, Placed } from '../plan/choices.ts';
import type { PackageManagerName } from '../repository/package-manager.ts';
import { joinPath, showPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';

/**
 * Writes `sallyport.dev.json`: what `sallyport dev` runs beside the gateway. Where there is one, what it lacks is added.
 *
 * @param before its text, if there is one.
 */
export function writeDevelopmentFile(survey: Survey, choices: Choices, before: string | undefined): string {
  const wanted = listApplications(survey, choices);
  const known = survey.development?.applications ?? [];
  const missing = wanted.filter((each) => !known.some((other) => isSame(each, other)));
  if (before !== undefined && missing.length === 0) return before;
  const file: DevelopmentFile = { applications: [...known, ...missing] };
  return `${JSON.stringify(file, null, /^\{\r?\n([ \t]+)/.exec(before ?? '')?.[1] ?? '  ')}\n`;
}

type Application = DevelopmentFile['applications'][number];

function listApplications({ next, manager }: Survey, choices: Choices): readonly Application[] {
  const place = ({ name, port }: Placed, folder: string, run: string): Application => ({
    name,
    folder: showPath(folder),
    run,
    ...(port.variable === undefined ? {} : { environment: { [port.variable]: String(port.number) } }),
  });
  return [
    place(choices.next, next.folder, runOf(manager.name, next.script ?? 'dev')),
    ...choices.services.map((each) => {
      const { run = { script: 'start:dev' }, folder } = each.service;
      return place(each, folder, 'script' in run ? runOf(manager.name, run.script) : nestOf(manager.name, run.project));
    }),
  ];
}

/** People rename applications, and run them in another way. In one folder there may be several, each with its command. */
function isSame(one: Application, other: Application): boolean {
  return one.name === other.name || (plainPath(one.folder) === plainPath(other.folder) && one.run === other.run);
}

function plainPath(folder: string): string {
  return joinPath(folder).replace(/\/$/, '');
}

function runOf(manager: PackageManagerName, script: string): string {
  return `${manager} run ${script}`;
}

/** A project of a Nest workspace has no script of its own. */
function nestOf(manager: PackageManagerName, project: string): string {
  const execute = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn run' }[manager];
  return `${execute} nest start ${project} --watch`;
}
