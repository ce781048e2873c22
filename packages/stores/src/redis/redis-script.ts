import { createHash } from 'node:crypto';

/** A Lua script and the name under which a server remembers it. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/** Declares a script. It touches its one key and no other, so that it runs on a Cluster. */
export function defineScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
