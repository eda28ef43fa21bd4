import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeText, equalBytes } from '@heddle/protocol/base'
import { expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import type { OrderedLog } from '../ports.ts'
import { openJournal } from './open.ts'
import { batchRecords, killOptions } from './testing/batch.ts'
import { removeFolder, temporaryFolder } from './testing/temporary-folder.ts'

const program = join(import.meta.dirname, 'testing/append-forever.ts')
const runtime = createRuntime()

/** Lines of the writer before it may be killed: however slow the machine, each round appends some. */
const linesLeast = 9

/** Runs the writer, kills it `delayMs` after those and returns the heads it was told. */
async function runAndKill(folder: string, delayMs: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  const isReady = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      if (output.split('\n').length > linesLeast) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)))
  })
  await isReady
  await runtime.timer.sleep(delayMs)
  child.kill('SIGKILL')
  const [, signal] = await closed
  expect(signal, 'the writer goes on until it is killed').toBe('SIGKILL')
  const acknowledged = new Map<string, number>()
  // What follows the last line break is half a line.
  for (const line of output.split('\n').slice(1, -1)) {
    const [log = '', head = ''] = line.split(' ')
    acknowledged.set(log, Number(head))
  }
  return acknowledged
}

async function copyOf(folder: string): Promise<string> {
  const copy = await temporaryFolder()
  await cp(folder, copy, { recursive: true })
  return copy
}

/** Checks each record of a log, and that no append is there in part. */
async function checkLog(journal: OrderedLog, log: string): Promise<void> {
  const head = journal.head(log)
  const records = await journal.read(log, 0, head)
  expect(records.length).toBe(head)
  for (let slot = 0; slot < head; ) {
    const [, , first = '', count = ''] = decodeText(
      records[slot]?.bytes ?? new Uint8Array(0),
    ).split('/')
    expect(Number(first)).toBe(slot)
    const batch = batchRecords(log, slot, Number(count))
    for (const [i, bytes] of batch.entries()) {
      const found = records[slot + i]?.bytes ?? new Uint8Array(0)
      expect(equalBytes(found, bytes), `slot ${slot + i} of ${log}`).toBe(true)
    }
    slot += batch.length
  }
}

it('loses nothing acknowledged and keeps nothing by half through kill -9', async () => {
  const folder = await temporaryFolder()
  try {
    let total = 0
    for (let round = 0; round < 8; round++) {
      const delayMs = (runtime.random.bytes(1)[0] ?? 0) / 2
      const acknowledged = await runAndKill(folder, delayMs)
      // Every other round the next writer finds the journal as the kill left it.
      const opened = round % 2 === 0 ? folder : await copyOf(folder)
      const journal = await openJournal(opened, runtime, killOptions)
      for (const [log, head] of acknowledged) {
        expect(journal.head(log), `${log} in round ${round}`).toBeGreaterThanOrEqual(head)
      }
      for (const log of journal.logs()) await checkLog(journal, log)
      total = [...journal.logs()].reduce((sum, log) => sum + journal.head(log), 0)
      await journal.close()
      if (opened !== folder) await removeFolder(opened)
    }
    expect(total).toBeGreaterThan(100)
  } finally {
    await removeFolder(folder)
  }
})
