import type { EditResult } from '../edits/edit-result.ts';
import { editLayout } from '../edits/edit-layout.ts';
import { editNextConfig, writeNextConfig } from '../edits/edit-next-config.ts';
import { writeExamplePage, writeProxy, writeSignOutButton } from '../files/write-next-files.ts';
import { installFolderOf } from '../repository/package-manager.ts';
import { joinPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';
import { readStyle, type SourceStyle } from '../source/source-style.ts';
import type { Choices } from './choices.ts';
import type { FileChanges } from './file-changes.ts';
import type { ByHand } from './plan.ts';

/** What became of the files of a part of the repository. */
export interface PartOfPlan {
  readonly byHand: readonly ByHand[];
  readonly notes: readonly string[];
}

/** The name of the example page, in its address too. */
export const examplePage = 'members';

/** Sets the Next.js application up as the shell: `next.config`, `proxy`, the root layout, and an example. */
export function planNext(survey: Survey, choices: Choices, changes: FileChanges): PartOfPlan {
  const { next, repository } = survey;
  const style = readStyle(repository.read(next.layoutFile ?? next.configFile ?? '') ?? '');
  const config = planConfig(survey, choices, changes, style);
  const proxy = planProxy(survey, changes, style);
  const layout = planLayout(survey, changes);
  if (choices.examplePage) planExample(survey, choices, changes, style);
  return { byHand: [config, proxy, layout].flatMap((part) => part.byHand), notes: config.notes };
}

function planConfig({ next, manager }: Survey, choices: Choices, changes: FileChanges, style: SourceStyle): PartOfPlan {
  const { configFile, folder } = next;
  const { name } = choices.next;
  const zone = { name, isRootOfItsOwn: folder !== '' && installFolderOf(manager, folder) === folder };
  if (configFile === undefined) {
    changes.write(
      joinPath(next.folder, next.isTypeScript ? 'next.config.ts' : 'next.config.mjs'),
      writeNextConfig(zone, style),
    );
    return { byHand: [], notes: [] };
  }
  const result = editNextConfig(changes.read(configFile) ?? '', configFile, zone);
  return keep(configFile, result, changes, [
    "import { withZone } from '@sallyport/nextjs/zone';",
    `withZone({ … your options … }, { name: '${name}', mount: '/' })`,
    'Pages are rendered for their request, so that scripts carry a nonce: cacheComponents does not go with it.',
  ]);
}

/** A proxy of the application's own is not merged: which of the two answers is a decision of people. */
function planProxy({ next, repository }: Survey, changes: FileChanges, style: SourceStyle): PartOfPlan {
  const { proxyFile } = next;
  if (proxyFile === undefined) {
    changes.write(
      joinPath(next.sourceFolder, `${next.proxyName}.${next.isTypeScript ? 'ts' : 'js'}`),
      writeProxy(next.proxyName, style),
    );
    return { byHand: [], notes: [] };
  }
  if (repository.read(proxyFile)?.includes('@sallyport/nextjs/zone') === true) return { byHand: [], notes: [] };
  return {
    notes: [],
    byHand: [
      {
        file: proxyFile,
        reason: 'it has a job of its own',
        lines: [
          "import { zoneProxy } from '@sallyport/nextjs/zone';",
          'const sallyport = zoneProxy(); // a nonce and a content security policy for every page',
          'return sallyport(request); // where it returned NextResponse.next()',
        ],
      },
    ],
  };
}

function planLayout({ next }: Survey, changes: FileChanges): PartOfPlan {
  const { layoutFile, appFolder } = next;
  const lines = [
    "import { SallyportProvider } from '@sallyport/nextjs/client';",
    "import { auth, clientAuth } from '@sallyport/nextjs/server';",
    '<SallyportProvider initial={clientAuth(await auth())}>{children}</SallyportProvider>',
  ];
  if (layoutFile !== undefined)
    return keep(layoutFile, editLayout(changes.read(layoutFile) ?? '', layoutFile), changes, lines);
  const file = joinPath(appFolder ?? next.folder, appFolder === undefined ? 'pages' : 'layout.tsx');
  const reason =
    appFolder === undefined
      ? 'the Pages Router has no server components: auth() and requireAuth() need the App Router, which may stand beside it'
      : 'there is no root layout';
  return { notes: [], byHand: [{ file, reason, lines: appFolder === undefined ? [] : lines }] };
}

function planExample({ next, services }: Survey, choices: Choices, changes: FileChanges, style: SourceStyle): void {
  const folder = joinPath(next.appFolder ?? 'app', examplePage);
  const extension = next.isTypeScript ? 'tsx' : 'jsx';
  if (changes.read(joinPath(folder, `page.${extension}`)) !== undefined) return;
  const [first] = services;
  const placed = choices.services.find(({ service }) => service === first);
  const apiPath =
    first?.exampleRoute === undefined || placed === undefined
      ? undefined
      : `${placed.prefix}${first.exampleRoute === '' ? '' : `/${first.exampleRoute}`}`;
  changes.write(joinPath(folder, `page.${extension}`), writeExamplePage(style, apiPath));
  changes.write(joinPath(folder, `sign-out-button.${extension}`), writeSignOutButton(style));
}

/** Takes an edit over, or says what to do instead. */
export function keep(file: string, result: EditResult, changes: FileChanges, lines: readonly string[]): PartOfPlan {
  if (result.kind === 'changed') {
    changes.write(file, result.text);
    return { byHand: [], notes: result.notes ?? [] };
  }
  if (result.kind === 'unchanged') return { byHand: [], notes: [] };
  return { byHand: [{ file, reason: result.reason, lines }], notes: [] };
}
