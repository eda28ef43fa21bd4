import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HeddleError } from '@heddle/protocol/base'

/**
 * Takes a data folder for this process alone. The lock is SQLite's own (fcntl), so the system gives it
 * back however the process ends and no stale lock can remain after a kill.
 */
export function lockDataFolder(folder: string): { release(): void } {
  const database = new DatabaseSync(join(folder, 'lock.sqlite'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const text = `data folder ${folder} is in use by another node: stop it, or choose another with --data`
    throw new HeddleError('data-folder-in-use', 'conflict', text, { folder }, { cause })
  }
  return { release: () => database.close() }
}
