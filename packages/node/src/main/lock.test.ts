import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockDataFolder } from './lock.ts'

it('lets one holder in at a time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-lock-'))
  const first = lockDataFolder(folder)
  expect(() => lockDataFolder(folder)).toThrow(/in use by another node/)
  first.release()
  lockDataFolder(folder).release()
})
