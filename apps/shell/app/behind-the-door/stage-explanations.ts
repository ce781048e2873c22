const explanations: Readonly<Record<string, string>> = {
  firewall: 'Reads the request once, in one way only. What could mean two things is refused.',
  route: 'Finds the service or page that owns this path.',
  'limit-address': 'Counts how often your address has asked, where that is limited.',
  'cross-origin': 'Answers browsers that ask whether a page of another site may send a request.',
  webhook: 'Reads what a sender of webhooks signed, where the service takes them.',
  authenticate: 'Finds the session of the cookie, or any other credential.',
  'limit-caller': 'Counts how often you have asked, where that is limited.',
  protect: 'Checks that your own page sent it, not another site’s.',
  authorize: 'Compares what the route asks with who you are.',
  translate: 'Swaps the cookie for a token made for this one service.',
};

/** One sentence about a stage of the door. */
export function explanationOf(stage: string): string {
  return explanations[stage] ?? 'A stage of the door.';
}
