import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataRootOf } from '@heddle/protocol/arweave'
import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import type { Damage } from './recover.ts'
import { dropStoreIndex, openStore } from './store.ts'
import { killOptions, killSize } from './testing/kill.ts'
import { patternBytes, readAll, storeDeps } from './testing/store-folder.ts'

const program = join(import.meta.dirname, 'testing/write-forever.ts')
const runtime = createRuntime()
const rounds = Number(process.env.HEDDLE_CRASH_ROUNDS ?? 3)

/** Runs the writer, kills it `delayMs` after its first word and returns the seeds it told to be kept. */
async function runAndKill(folder: string, seed: number, delayMs: number): Promise<number[]> {
  const child = spawn(process.execPath, [program, folder, String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      // However slow the machine: something was acknowledged when the kill comes.
      if (/^ready\n\d+\n/.test(output)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)))
  })
  await runtime.timer.sleep(delayMs)
  child.kill('SIGKILL')
  const [, signal] = await closed
  expect(signal, 'the writer goes on until it is killed').toBe('SIGKILL')
  // What follows the last line break is half a line.
  return output.split('\n').slice(1, -1).map(Number)
}

it('keeps all that was acknowledged, whole, through kill -9 and rebuilds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-store-kill-'))
  const kept: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const delayMs = (runtime.random.bytes(1)[0] ?? 0) * 2
      kept.push(...(await runAndKill(folder, 100_001 * round, delayMs)))
      // Every other round the index is made anew, as if it had been lost.
      if (round % 2 === 1) await dropStoreIndex(folder, runtime)
      const damages: Damage[] = []
      const store = await openStore(folder, storeDeps(runtime, damages), killOptions)
      for (const seed of kept) {
        const bytes = patternBytes(killSize(seed), seed)
        const dataRoot = encodeBase64Url(dataRootOf([bytes], nodeCrypto))
        const name = { dataRoot, sizeBytes: bytes.length }
        const told = `seed ${seed} in round ${round}`
        expect(await store.held(name), told).toMatchObject({ complete: true })
        expect(equalBytes(await readAll(store, name), bytes), told).toBe(true)
      }
      await store.close()
    }
    expect(kept.length).toBeGreaterThan(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 600_000)
