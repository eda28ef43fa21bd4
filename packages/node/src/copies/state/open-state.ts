import { DatabaseSync } from 'node:sqlite'
import { copiesStateFailed } from '../errors.ts'

const version = 1

/**
 * `keeping`: copies held for others (`done`: and promised), `withdrawn`: requests that ended before they were done. `placement`:
 * items whose copies this node answers for (`short`: how many are missing), `holder`: by request, who was
 * asked, holds, or is still to be told that it need not (`owed`).
 */
const schema = `
  create table keeping (
    placer text not null, item text not null, request text not null, root text not null,
    size integer not null, until integer, since integer not null, done integer not null,
    primary key (placer, item)
  ) without rowid, strict;
  create index keeping_data on keeping (root, size);
  create index keeping_until on keeping (until) where until is not null;
  create table withdrawn (request text primary key, at integer not null) without rowid, strict;
  create table placement (
    item text primary key, root text not null, size integer not null, copies integer not null,
    places text not null, stake text not null, until integer, header blob not null,
    own integer not null, state text not null, short integer not null, next integer not null
  ) without rowid, strict;
  create index placement_data on placement (root, size);
  create index placement_state on placement (state);
  create index placement_short on placement (next) where short > 0;
  create index placement_until on placement (until) where until is not null;
  create table holder (
    request text primary key, item text not null, keeper text not null, url text not null,
    state text not null, until integer, since integer not null, proven integer not null,
    failures integer not null, error text, promise blob, next integer not null
  ) without rowid, strict;
  create index holder_item on holder (item);
  create index holder_due on holder (state, next);
  create index holder_until on holder (until) where until is not null;
  pragma user_version = ${version};
`

/** Opens the room's file. Every commit is on the disk when it returns. Throws `copies-state`. */
export function openState(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = full')
    const found = database.prepare('pragma user_version').get()?.user_version
    if (found === 0) database.exec(`begin; ${schema} commit`)
    else if (found !== version) throw new Error(`it has version ${found}, this is ${version}`)
    const [check] = database.prepare('pragma quick_check(1)').all()
    if (check?.quick_check !== 'ok') throw new Error(String(check?.quick_check))
    return database
  } catch (error) {
    database.close()
    throw copiesStateFailed(path, error)
  }
}
