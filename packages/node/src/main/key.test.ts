import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { loadNodeKey } from './key.ts'

const runtime = createRuntime()

it('makes a key once and keeps it, for its owner only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-key-'))
  const first = await loadNodeKey(folder, undefined, runtime)
  const second = await loadNodeKey(folder, undefined, runtime)
  expect(second.owner).toEqual(first.owner)
  expect(statSync(join(folder, 'node-key.json')).mode & 0o077).toBe(0)
})

it('refuses a file that is no key, naming it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-key-'))
  const path = join(folder, 'wallet.json')
  await expect(loadNodeKey(folder, path, runtime)).rejects.toThrow(/no such file/)
  for (const text of ['{', '7', '{"kty":"OKP"}', '{"kty":"RSA","n":"AA"}']) {
    writeFileSync(path, text)
    await expect(loadNodeKey(folder, path, runtime)).rejects.toThrow()
  }
})
