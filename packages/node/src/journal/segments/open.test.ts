import { join } from 'node:path'
import { createRuntime } from '../../runtime/index.ts'
import type { JournalOptions } from '../options.ts'
import { type LogStore, orderedLogContract } from '../ordered-log.contract.ts'
import { openJournal } from './open.ts'
import { removeFolder, temporaryFolder } from './testing/temporary-folder.ts'

async function makeStore(options: Partial<JournalOptions>): Promise<LogStore> {
  const folder = await temporaryFolder()
  const open = () => openJournal(join(folder, 'journal'), createRuntime(), options)
  const first = await open()
  let log = first
  return {
    log: first,
    rival: async () => log,
    reopen: async () => {
      await log.close()
      log = await open()
      return log
    },
    remove: async () => {
      await log.close()
      await removeFolder(folder)
    },
  }
}

orderedLogContract('segments', () => makeStore({}))
// Every few groups begin a new segment, and reading goes through many files with two handles.
orderedLogContract('segments of 2 KiB', () => makeStore({ segmentBytes: 2048, openSegments: 2 }))
