import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fetchLoader, fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { differentialRun, sendTo } from './aos.fixture.ts'
import { compileGuest } from './compile.ts'

const modules = await fetchModules()
const host = await fetchLoader()
const skipped = [modules, host].flatMap((got) => ('skipped' in got ? [got.skipped] : []))[0]
const messageCount = 200
/**
 * Taken once from ao-loader 0.0.49 in copy mode and the same messages, on Node 20.20.2 with
 * --experimental-wasm-memory64: on Node 24 its wasm64 glue aborts as soon as memory has to grow.
 */
const wasm64Sha256 = 'c950aefcc0452186fd4461030f730e7e57f22a2fbf3fab4405d4bc750b1c816f'
const program = fileURLToPath(new URL('./ao-loader-run.fixture.ts', import.meta.url))

type Run = { readonly byteLength: number; readonly sha256: string; readonly answers: unknown[] }

async function runReference(hostPath: string, modulePath: string): Promise<Run> {
  const programArguments = [program, hostPath, modulePath, String(messageCount)]
  const options = { maxBuffer: 2 ** 26 }
  const { stdout } = await promisify(execFile)(process.execPath, programArguments, options)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

async function runOurs(modulePath: string, format: string): Promise<Run> {
  const module = await compileGuest(await readFile(modulePath), format)
  const guest = await module.instantiate({ memoryBytes: 2 ** 30 })
  const answers = differentialRun(messageCount).map((message) => {
    const { Error: error, Output, Messages } = sendTo(guest, message)
    return [error ?? null, Output ?? null, Messages ?? null]
  })
  const memory = guest.memory()
  const sha256 = createHash('sha256').update(memory).digest('hex')
  return { byteLength: memory.length, sha256, answers }
}

describe.skipIf(skipped !== undefined)(
  `against the reference host in copy mode${skipped ? ` (skipped: ${skipped})` : ''}`,
  () => {
    it(`ends ${messageCount} messages with the same memory, byte for byte`, async () => {
      if ('skipped' in modules || 'skipped' in host) return
      const reference = await runReference(host.path, modules.wasm32)
      const ours = await runOurs(modules.wasm32, 'wasm32-unknown-emscripten4')
      expect(ours.answers).toEqual(reference.answers)
      expect(ours.byteLength).toBe(reference.byteLength)
      expect(ours.sha256).toBe(reference.sha256)
    })

    it('ends with the memory the reference host gave for wasm64 where it still ran', async () => {
      if ('skipped' in modules) return
      const ours = await runOurs(modules.wasm64, 'wasm64-unknown-emscripten-draft_2024_02_15')
      expect(ours.byteLength).toBe(110_034_944)
      expect(ours.sha256).toBe(wasm64Sha256)
    })
  },
)
