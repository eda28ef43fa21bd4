import { createRuntime } from '../../../runtime/index.ts'
import { openJournal } from '../open.ts'
import { batchRecords, killOptions } from './batch.ts'

/** A writer to be killed: appends to four logs at once and prints `log head` for each answer. */
async function appendForever(folder: string): Promise<void> {
  const journal = await openJournal(folder, createRuntime(), killOptions)
  const epoch = await journal.claim()
  process.stdout.write('ready\n')
  const run = async (log: string, lane: number) => {
    for (let round = lane; ; round++) {
      const first = journal.head(log)
      const records = batchRecords(log, first, 1 + (round % 5))
      await journal.append(log, first, epoch, records)
      // Not in one go: whoever reads may be held up until the pipe is full.
      process.stdout.write(`${log} ${first + records.length}\n`)
    }
  }
  await Promise.all(['a', 'b', 'c', 'd'].map(run))
}

await appendForever(process.argv[2] ?? '')
