import { nothing, type Html } from '../../document/html.ts';
import { notice } from '../../document/notice.ts';

const words: Readonly<Record<string, string>> = {
  joined: 'You have joined the organization',
  left: 'You have left the organization',
  deleted: 'The organization is deleted',
  created: 'The organization is created',
  renamed: 'The name is changed',
  invited: 'The invitation is on its way',
  resent: 'The invitation is sent again',
  withdrawn: 'The invitation is withdrawn',
  roles: 'The roles are changed',
  removed: 'The member is removed',
  confirmed: 'Thank you. Please send it again',
};

/** Says what was done on the page before; nothing for what no page of ours says. */
export function doneNotice(did: string): Html {
  const title = Object.hasOwn(words, did) ? words[did] : undefined;
  return title === undefined ? nothing : notice('done', title);
}
