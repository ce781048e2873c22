import { createRequire } from 'node:module';

/*
 * The drivers of the databases, each loaded when it is first needed: together they take a third of the start of a process
 * and a hundred megabytes, and no process needs them all.
 */

const require = createRequire(import.meta.url);

export function loadPostgresDriver(): typeof import('pg') {
  return require('pg') as typeof import('pg'); // What is at that name has these types.
}

export function loadMongoDriver(): typeof import('mongodb') {
  return require('mongodb') as typeof import('mongodb'); // Likewise.
}

export function loadRedisDriver(): typeof import('redis') {
  return require('redis') as typeof import('redis'); // Likewise.
}
