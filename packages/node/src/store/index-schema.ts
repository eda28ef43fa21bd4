import { DatabaseSync } from 'node:sqlite'
import type { Disk } from '../runtime/index.ts'

/** Raised whenever the tables change; an index of another version is built anew. */
const schemaVersion = 3

/**
 * What follows from the segments. `chunk`: where the bytes of a hash lie, and whether they were found
 * damaged. `data`: a root and size, with the bytes of it that are here and whole; `piece`: its chunks
 * (bytes `since` up to, without, `upto`) with their paths. `hold`: who was promised what, `ever` that somebody was;
 * `touched` when data that nobody was promised last came, by the clock, null where a promise may be lost. `segment`: bytes and dead
 * bytes of each file; `progress`: up to where the segments are in these tables.
 */
const schema = `
  create table chunk (
    hash blob primary key, segment integer not null, offset integer not null, bytes integer not null,
    damaged integer not null, blake3 blob
  ) without rowid;
  create table data (
    key integer primary key, root blob not null, size integer not null, held integer not null,
    ever integer not null, touched integer, unique (root, size)
  );
  create table piece (
    id integer primary key, data integer not null, upto integer not null, since integer not null,
    hash blob not null, path blob not null, segment integer not null
  );
  create unique index piece_place on piece (data, upto);
  create index piece_hash on piece (hash);
  create table hold (
    data integer not null, holder text not null, until integer, retention text not null,
    primary key (data, holder)
  ) without rowid;
  create index hold_until on hold (until);
  create table segment (number integer primary key, bytes integer not null, dead integer not null);
  create table progress (id integer primary key, segment integer not null, bytes integer not null);
  insert into progress values (1, 0, 0);
  pragma user_version = ${schemaVersion};
`

/**
 * Opens the index file, or starts an empty one where it is absent, damaged or of another version: all
 * of it can be read again from the segments.
 */
export async function openIndexFile(
  path: string,
  disk: Pick<Disk, 'remove'>,
): Promise<DatabaseSync> {
  try {
    return openDatabase(path)
  } catch {
    await removeIndexFile(path, disk)
    return openDatabase(path)
  }
}

/** Removes the index file and what SQLite keeps beside it. */
export async function removeIndexFile(path: string, disk: Pick<Disk, 'remove'>): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await disk.remove(`${path}${suffix}`)
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    // WAL with synchronous=normal may lose the newest transactions, never the file's consistency;
    // what is lost is behind `progress` and comes back from the segments.
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -8192;' +
        'pragma journal_size_limit = 8388608',
    )
    const version = database.prepare('pragma user_version').get()?.user_version
    if (version === 0) database.exec(`begin; ${schema} commit`)
    else if (version !== schemaVersion) throw new Error(`index version ${version}`)
    for (const table of ['chunk', 'data', 'piece', 'hold', 'segment', 'progress']) {
      database.prepare(`select 1 from ${table} limit 1`).get()
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
