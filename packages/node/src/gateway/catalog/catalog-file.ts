import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Disk } from '../../runtime/index.ts'

/** Raised with every change of the tables; a file of another version is thrown away and rebuilt. */
const schemaVersion = 3

/**
 * `item` says where an item's bytes are, and until when they are kept there (null: for ever); `posting` is the inverted index (term, then height and
 * time); `kept` says of the items log which ids it holds and where the base layer put them;
 * `pending` holds the terms of kept items without a block, to be moved to their height; `weave`
 * puts the data of layer-1 transactions end to end; `log` says how far each log is in, and `unopened` which
 * slots of the items log were passed over.
 */
const tables = `
  CREATE TABLE log(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, next INTEGER NOT NULL);
  CREATE TABLE item(
    seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, log INTEGER NOT NULL, slot INTEGER NOT NULL,
    part INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    height INTEGER NOT NULL, parent BLOB, until INTEGER);
  CREATE INDEX item_height ON item(height, seq);
  CREATE TABLE posting(
    term BLOB NOT NULL, height INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY(term, height, seq)) WITHOUT ROWID;
  CREATE TABLE kept(id BLOB PRIMARY KEY, slot INTEGER, height INTEGER) WITHOUT ROWID;
  CREATE INDEX kept_unordered ON kept(slot) WHERE height IS NULL AND slot IS NOT NULL;
  CREATE TABLE pending(
    slot INTEGER NOT NULL, seq INTEGER NOT NULL, terms BLOB NOT NULL,
    PRIMARY KEY(slot, seq)) WITHOUT ROWID;
  CREATE TABLE weave(
    start INTEGER PRIMARY KEY, size INTEGER NOT NULL, slot INTEGER NOT NULL UNIQUE);
  PRAGMA user_version = ${schemaVersion};
`
/** Came later: files without it have nothing to say there. */
const unopenedTable = 'CREATE TABLE IF NOT EXISTS unopened(slot INTEGER PRIMARY KEY)'

/**
 * Opens the index file, making a new one where it is absent, of another version or damaged: all
 * that is in it can be read again from the logs. The write-ahead log keeps it whole through a loss
 * of power; what the last moments lose is indexed again.
 */
export async function openCatalogFile(path: string, disk: Disk): Promise<DatabaseSync> {
  await disk.makeFolder(dirname(path))
  const database = tryOpen(path)
  if (database !== undefined) return database
  await removeCatalogFile(path, disk)
  return open(path)
}

export async function removeCatalogFile(path: string, disk: Disk): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await disk.remove(`${path}${suffix}`)
}

function tryOpen(path: string): DatabaseSync | undefined {
  try {
    return open(path)
  } catch {
    // Not a database, a torn one, or of another version: rebuilt like an absent one.
    return undefined
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; ' +
        // Checkpoints wait for the disk: `Catalog.rest` has them made elsewhere.
        'PRAGMA wal_autocheckpoint = 0',
    )
    const version = database.prepare('PRAGMA user_version').get()?.user_version
    const known = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get()?.tables
    if (known === 0) database.exec(tables)
    else if (version !== schemaVersion) throw new Error(`index of version ${version}`)
    database.exec(unopenedTable)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
