import { createRequire } from 'node:module';
import type * as mongodb from 'mongodb';
import type * as pg from 'pg';
import type * as redis from 'redis';

/*
 * The drivers of the databases, each loaded when it is first needed: together they take a third of the start of a process
 * and a hundred megabytes, and no process needs them all.
 */

const require = createRequire(import.meta.url);

export function loadPostgresDriver(): typeof pg {
  return require('pg') as typeof pg; // What is at that name has these types.
}

export function loadMongoDriver(): typeof mongodb {
  return require('mongodb') as typeof mongodb; // Likewise.
}

export function loadRedisDriver(): typeof redis {
  return require('redis') as typeof redis; // Likewise.
}
