import { join } from 'node:path'
import { createRuntime, type Disk } from '../../runtime/index.ts'
import type { JournalOptions } from '../options.ts'
import { type LogStore, orderedLogContract } from '../ordered-log.contract.ts'
import { openJournal } from './open.ts'
import { removeFolder, temporaryFolder } from './testing/temporary-folder.ts'

const runtime = createRuntime()

/** The real disk without its syncs, of which a slow one has ten a second. */
const unsynced: Disk = {
  ...runtime.disk,
  async open(path) {
    const file = await runtime.disk.open(path)
    const { write } = file
    return { ...file, writeDurably: write, sync: async () => {} }
  },
  syncFolder: async () => {},
}

async function makeStore(
  options: Partial<JournalOptions>,
  disk: Disk = runtime.disk,
): Promise<LogStore> {
  const folder = await temporaryFolder()
  const open = () => openJournal(join(folder, 'journal'), { ...runtime, disk }, options)
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

orderedLogContract('segments', 50, () => makeStore({}))
// Every few groups begin a new segment, and reading goes through many files with two handles.
const small = { segmentBytes: 2048, openSegments: 2 }
orderedLogContract('segments of 2 KiB', 50, () => makeStore(small))
orderedLogContract('segments without syncs', 2000, () => makeStore({}, unsynced))
orderedLogContract('segments of 2 KiB without syncs', 2000, () => makeStore(small, unsynced))
