import { copyFileSync, existsSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Dice } from './dice.ts'

export const messengerFile = 'messenger.sqlite'
export const indexFile = 'scheduler.sqlite'

/** A WAL database is one page until its first checkpoint. */
const uncheckpointedBytes = 4096

/**
 * Hands SQLite's files of an ended run to the next one, as of their last commit: the file and its log of
 * commits are copied while the old connection still has them open, so its open transaction stays behind.
 * After a power cut the scheduler's index, which does not sync its commits, also loses the newest of
 * them: its log is cut off anywhere. The messenger's commits are synced before they count.
 */
export function carryOver(from: string, to: string, power: boolean, dice: Dice): void {
  for (const name of [messengerFile, indexFile]) {
    for (const suffix of ['', '-wal']) {
      const path = join(from, name + suffix)
      if (existsSync(path)) copyFileSync(path, join(to, name + suffix))
    }
  }
  const wal = join(to, `${indexFile}-wal`)
  if (!power || !existsSync(wal)) return
  // Behind a checkpoint commits are durable after all, and not to be cut.
  if (statSync(join(to, indexFile)).size > uncheckpointedBytes) return
  truncateSync(wal, dice.whole(0, statSync(wal).size))
}

/** The mutant that drops the dedupe: an index that forgets each name as soon as it is written. */
export function makeForgetful(folder: string): void {
  const database = new DatabaseSync(join(folder, indexFile))
  for (const table of ['entry', 'delivery']) {
    database.exec(
      `create trigger if not exists forget_${table} after insert on ${table} begin delete from ${table}; end`,
    )
  }
  database.close()
}
