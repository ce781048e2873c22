import { editGitignore } from '../edits/edit-gitignore.ts';
import { writeDevelopmentFile } from '../files/write-development-file.ts';
import { writeGatewayConfig, writeServiceRoute } from '../files/write-gateway-config.ts';
import { installFolderOf } from '../repository/package-manager.ts';
import { showPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';
import { toIgnoredTarballs, type Tarballs } from '../repository/tarballs.ts';
import { developmentFileName } from '../../dev/development-file.ts';
import { mailboxPort, internalUrlOf, type Choices } from './choices.ts';
import { createFileChanges, type FileChanges } from './file-changes.ts';
import type { Plan } from './plan.ts';
import { examplePage, planNext } from './plan-next.ts';
import { planPackages } from './plan-packages.ts';
import { chooseScript, hasScript, ownScript } from './development-script.ts';
import { planServices } from './plan-services.ts';

/**
 * Decides every change, and makes none. A repository that is set up already gets an empty plan.
 *
 * @throws UsageError when a file cannot be read, or it is not known where packages come from.
 */
export function makePlan(survey: Survey, choices: Choices, tarballs: Tarballs | undefined): Plan {
  const changes = createFileChanges(survey.repository);
  planPackages(survey, tarballs, changes);
  planGateway(survey, choices, tarballs, changes);
  const next = planNext(survey, choices, changes);
  const services = planServices(survey, choices, changes);
  return {
    changes: changes.list(),
    copies: { files: tarballs?.copies ?? [], folder: tarballs?.folder ?? '' },
    byHand: [...next.byHand, ...services.byHand],
    notes: [...notesOn(survey, choices), ...next.notes, ...services.notes],
    next: nextSteps(survey, choices, changes),
  };
}

function planGateway(survey: Survey, choices: Choices, tarballs: Tarballs | undefined, changes: FileChanges): void {
  const { config, packages, repository } = survey;
  // Where a package says that it is CommonJS, Node takes a .ts file for CommonJS too.
  const isCommonJs = packages.find(({ folder }) => folder === '')?.manifest['type'] === 'commonjs';
  if (config === undefined)
    changes.write(`sallyport.config.${isCommonJs ? 'mts' : 'ts'}`, writeGatewayConfig(survey, choices));
  changes.write(developmentFileName, writeDevelopmentFile(survey, choices, repository.read(developmentFileName)));
  const ignored = ['/.sallyport/', ...(tarballs === undefined ? [] : [toIgnoredTarballs(tarballs)])];
  changes.write('.gitignore', editGitignore(repository.read('.gitignore'), ignored));
}

function notesOn(survey: Survey, choices: Choices): readonly string[] {
  const { config, otherNextApps, next } = survey;
  const notes: string[] = [];
  const script = chooseScript(survey);
  if (script !== ownScript && hasScript(survey, ownScript))
    notes.push(`package.json has a script ${ownScript} of its own, which stays. The one for this is ${script}.`);
  if (config !== undefined) {
    const { file, publicUrl, internalPort, audiences } = config;
    if (publicUrl === undefined || internalPort === undefined)
      notes.push(
        `${file} does not write publicUrl and internal.port out: compare them with ${choices.publicUrl} and ${internalUrlOf(choices)}, which applications were told.`,
      );
    if (!audiences.has(choices.next.name))
      notes.push(`${file} has no route with the audience "${choices.next.name}": add one.`);
    for (const service of choices.services.filter(({ name }) => !audiences.has(name)))
      notes.push(
        [
          `${file} has no route with the audience "${service.name}". Add to its routes:`,
          ...writeServiceRoute(service),
        ].join('\n'),
      );
  }
  for (const { folder } of otherNextApps)
    notes.push(
      `${showPath(folder)} was left alone: a second Next.js application is a zone, with pages below a path of its own.`,
    );
  const served = choices.services.filter(({ prefix }) => prefix === '/api');
  if (next.hasOwnApi && served.length > 0)
    notes.push(
      `Paths below /api go to the service ${served.map(({ name }) => name).join()}, not to the API routes of ${showPath(next.folder)} any more.`,
    );
  for (const { service, name, stripPrefix } of choices.services) {
    if (stripPrefix && service.globalPrefix !== undefined)
      notes.push(
        `${name} shares the prefix "${service.globalPrefix}" with another service: give it one of its own, and its route too.`,
      );
    if (service.port === undefined)
      notes.push(`${service.mainFile}: the port that it listens on was not found; PORT is set for it.`);
  }
  return notes;
}

function nextSteps(survey: Survey, choices: Choices, changes: FileChanges): readonly string[] {
  const { manager, next, services } = survey;
  const folders = new Set(
    ['', next.manifest.folder, ...services.map(({ manifest }) => manifest.folder)].map((folder) =>
      installFolderOf(manager, folder),
    ),
  );
  const installs = [...folders].sort().map((folder) => {
    return folder === '' ? `${manager.name} install` : `(cd ${folder} && ${manager.name} install)`;
  });
  const page = changes.list().some(({ file }) => file.includes(`/${examplePage}/page.`)) ? `/${examplePage}` : '/';
  return [
    ...installs,
    `${manager.name} run ${chooseScript(survey)}     runs the gateway and the applications; Ctrl-C ends all`,
    page === '/'
      ? `${choices.publicUrl}/     is your application, through the gateway`
      : `${choices.publicUrl}${page}     leads to sign-in and, after sign-up, back`,
    `http://127.0.0.1:${mailboxPort}     shows the mail that the gateway sends`,
  ];
}
