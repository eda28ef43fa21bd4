import { DatabaseSync } from 'node:sqlite'
import type { Disk } from '../runtime/index.ts'

/** Raised whenever the tables change; an index of another version is built anew. */
const schemaVersion = 1

/**
 * `entry` holds the message id and the assignment id of every slot, `delivery` the deliveries seen.
 * Ids are 32-byte blobs, processes small integers: about 100 bytes of disk a slot. `head` counts the
 * slots of a process that are indexed; it moves in the same transaction as their rows.
 */
const schema = `
  create table process (key integer primary key, id blob not null unique, head integer not null);
  create table entry (
    id blob not null, process integer not null, slot integer not null, primary key (id, process)
  ) without rowid;
  create table delivery (
    id blob not null, process integer not null, slot integer not null, primary key (id, process)
  ) without rowid;
  pragma user_version = ${schemaVersion};
`

/**
 * Opens the index file, or starts an empty one where it is absent, damaged or of another version:
 * all of it can be read again from the journal.
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
    // what is lost is behind `head` and comes back from the journal.
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -16384',
    )
    const version = database.prepare('pragma user_version').get()?.user_version
    if (version === 0) database.exec(schema)
    else if (version !== schemaVersion) throw new Error(`index version ${version}`)
    for (const table of ['process', 'entry', 'delivery']) {
      database.prepare(`select 1 from ${table} limit 1`).get()
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
