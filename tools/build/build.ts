import { reportFailure } from '../processes/report-failure.ts';
import { onStopRequest } from '../processes/stop-requests.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { buildSystem } from './build-system.ts';
import { createProgress } from './progress.ts';

const stop = new AbortController();
onStopRequest(async () => {
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 600));
});
try {
  await buildSystem({ root: workspaceRoot, progress: createProgress(process.stdout), signal: stop.signal });
} catch (error) {
  if (!stop.signal.aborted) reportFailure(error);
}
