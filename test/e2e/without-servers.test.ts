import { it } from 'vitest';

// Runs in place of the browser suite where the servers of a project are missing: the summary says which, and why.
it('the browser suite', ({ skip }) => skip('its servers are not there'));
