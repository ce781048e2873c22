import { defineScript } from './redis-script.ts';

/*
 * Fields of the hash `s:<sid>`: `d` the sealed rest, `g` generation, `a` last activity, `i` idle expiry, `x` absolute
 * expiry, `r` and `w` when and why it ended. Times are milliseconds since 1970. A hash without `d` is the tombstone of a
 * session that was ended while it was being created. `l` marks a tombstone that a reader wrote for what the ledger says.
 */

/** Stores a record. 0 when the sid is taken. One that was ended while it was being created is stored as ended. */
export const createRecordScript = defineScript(`
local sealed, generation, active, idle, absolute, ttl = unpack(ARGV)
if redis.call('HEXISTS', KEYS[1], 'd') == 1 then return 0 end
if redis.call('HEXISTS', KEYS[1], 'r') == 1 then generation = generation + 1 end
redis.call('HSET', KEYS[1], 'd', sealed, 'g', generation, 'a', active, 'i', idle, 'x', absolute)
if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
`);

/** Changes the sealed rest, if the generation is the expected one. Replies with what is stored then. */
export const changeRecordScript = defineScript(`
local expected, sealed = unpack(ARGV)
local stored = redis.call('HMGET', KEYS[1], 'd', 'r', 'g')
if not stored[1] then return {'unknown'} end
if stored[2] then return {'revoked'} end
if stored[3] ~= expected then return {'stale'} end
redis.call('HSET', KEYS[1], 'd', sealed, 'g', expected + 1)
return {'written', unpack(redis.call('HGETALL', KEYS[1]))}
`);

/** Moves the times of activity forward, unless the session ended or was idle for too long. */
export const recordActivityScript = defineScript(`
local active, idle = unpack(ARGV)
local stored = redis.call('HMGET', KEYS[1], 'd', 'r', 'a', 'i')
if not stored[1] or stored[2] then return 0 end
if tonumber(stored[3]) >= tonumber(active) or tonumber(stored[4]) <= tonumber(active) then return 0 end
redis.call('HSET', KEYS[1], 'a', active, 'i', idle)
return 1
`);

/**
 * Writes the tombstone: 'ended' for exactly one caller, 'ended-before' for the others. A session that is not there is
 * 'unknown', or, when a time to live is given, gets its tombstone before it is created. A caller that ends a session has
 * written the ledger before, so that a reader may have been faster with the tombstone: the end is still the first caller's.
 */
export const endRecordScript = defineScript(`
local at, reason, ttl = unpack(ARGV)
local stored = redis.call('HMGET', KEYS[1], 'd', 'r', 'g')
if stored[2] then
  if redis.call('HDEL', KEYS[1], 'l') == 1 then return 'ended' end
  return 'ended-before'
end
if stored[1] then
  redis.call('HSET', KEYS[1], 'r', at, 'w', reason, 'g', stored[3] + 1)
  return 'ended'
end
if ttl == '' then return 'unknown' end
redis.call('HSET', KEYS[1], 'r', at, 'w', reason)
redis.call('PEXPIRE', KEYS[1], ttl)
return 'tombstone'
`);

/** Writes the tombstone of a session that the ledger says has ended. */
export const endFromLedgerScript = defineScript(`
local at, reason = unpack(ARGV)
local stored = redis.call('HMGET', KEYS[1], 'd', 'r', 'g')
if not stored[1] or stored[2] then return 0 end
redis.call('HSET', KEYS[1], 'r', at, 'w', reason, 'g', stored[3] + 1, 'l', 1)
return 1
`);

/** Deletes a record whose absolute expiry has passed. 1 when it was one. */
export const deleteExpiredScript = defineScript(`
local absolute = redis.call('HGET', KEYS[1], 'x')
if not absolute or tonumber(absolute) > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
return 1
`);

/** Adds a sid to an index, and takes out what is over. The index lives at least as long as its longest session. */
export const addToIndexScript = defineScript(`
local absolute, sid, ttl, over = unpack(ARGV)
redis.call('ZADD', KEYS[1], 'GT', absolute, sid)
if over ~= '' then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', over) end
if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
`);

/** Deletes the pointer from a token hash to a session, if it points there. */
export const deletePointerScript = defineScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);
