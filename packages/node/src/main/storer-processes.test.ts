import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadStorerKeys, registrationOf, writeDirectory } from '../da/index.ts'
import { createRuntime } from '../runtime/index.ts'
import { checkCount } from './storer-processes.ts'

it('a folder of storers is not started with more or fewer: they sign for one set only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-storers-'))
  const runtime = createRuntime()
  const file = join(folder, 'storer-set.json')
  const check = (count: number) => checkCount(runtime, file, folder, count)
  try {
    await expect(check(4)).resolves.toBeUndefined()
    const entries = ['0', '1'].map(async (name) => {
      const keys = await loadStorerKeys(runtime, join(folder, name))
      return registrationOf(keys, { host: '127.0.0.1', port: 0, stake: 1n })
    })
    const storers = await Promise.all(entries)
    await writeDirectory(runtime.disk, file, { epoch: 0, beacon: new Uint8Array(32), storers })
    await expect(check(2)).resolves.toBeUndefined()
    for (const count of [1, 3]) {
      await expect(check(count)).rejects.toMatchObject({
        code: 'storers-changed',
        message: expect.stringContaining('--storers 2'),
      })
    }
    writeFileSync(file, '{')
    await expect(check(3)).resolves.toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
