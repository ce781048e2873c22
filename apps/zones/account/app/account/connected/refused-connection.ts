import type { SubmissionProblem } from '@sallyport/ui/submission-problem';

/** Why a provider led back without a connection, by the code in the address. */
const words: Readonly<Record<string, readonly [title: string, hint: string]>> = {
  SP_PROVIDER_CANCELLED: ['Nothing was connected', 'You cancelled at the other site.'],
  SP_PROVIDER_CONNECTED_ELSEWHERE: [
    'That account is connected to another account here',
    'Sign in with it, disconnect it there, then connect it here.',
  ],
  SP_PROVIDER_UNAVAILABLE: ['The other site doesn’t answer', 'Try again in a moment.'],
  SP_PROVIDER_FLOW_INVALID: ['That took too long', 'Please begin again.'],
};
const otherwise = ['Nothing was connected', 'The answer of the other site was refused. Please begin again.'] as const;

/**
 * Reads what the callback says in the address of this page, and takes it out of there, so that a reload does not repeat it.
 * Anyone can make such an address: it chooses among words of ours.
 */
export function takeRefusal(): SubmissionProblem | undefined {
  const url = new URL(location.href);
  const code = url.searchParams.get('refused');
  if (code === null) return undefined;
  url.searchParams.delete('refused');
  url.searchParams.delete('provider');
  history.replaceState(history.state, '', url);
  const [title, hint] = (Object.hasOwn(words, code) ? words[code] : undefined) ?? otherwise;
  return { code, title, hint, fields: {} };
}
