import { mkdtempSync, rmSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { threadEnvironment } from './thread-environment.ts'

it('tells a thread where compiled code is kept, and nothing of the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-code-'))
  enableCompileCache(folder)
  expect(Object.keys(threadEnvironment())).toEqual(['NODE_COMPILE_CACHE'])
  const asked =
    "require('worker_threads').parentPort.postMessage(require('module').getCompileCacheDir())"
  const worker = new Worker(asked, { eval: true, env: threadEnvironment() })
  const told = await new Promise((resolve) => worker.once('message', resolve))
  expect(told).toContain(threadEnvironment().NODE_COMPILE_CACHE)
  await worker.terminate()
  rmSync(folder, { recursive: true, force: true })
})
