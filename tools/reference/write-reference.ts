import { buildPackages } from '../build/build-system.ts';
import { reportFailure } from '../processes/report-failure.ts';
import { workspaceRoot } from '../workspace-root.ts';

try {
  // The schemas of one package are read through the built output of another.
  await buildPackages(workspaceRoot);
  const { writeReferencePages } = await import('./reference-pages.ts');
  for (const file of await writeReferencePages()) console.log(file);
} catch (error) {
  reportFailure(error);
}
