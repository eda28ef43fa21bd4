import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { PartFile, rangesSuffix } from './part-file.ts'

const { disk } = createRuntime()
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-parts-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('keeps ranges across openings, and passes over what a crash cut off', async () => {
  const file = await PartFile.open(disk, folder, 'one')
  await file.write([new Uint8Array(100).fill(7)], 0)
  await file.keep('one', { from: 50, to: 100 })
  await Promise.all([file.keep('one', { from: 0, to: 20 }), file.keep('one', { from: 10, to: 30 })])
  await file.close()
  const path = join(folder, `one${rangesSuffix}`)
  const listed = await readFile(path)
  expect(listed.length).toBe(3 * 20)
  await writeFile(path, Buffer.concat([listed, listed.subarray(0, 7)]))
  const again = await PartFile.open(disk, folder, 'one')
  expect(() => again.size('one')).toThrow('lacks bytes from 30')
  await again.keep('one', { from: 30, to: 50 })
  expect(again.size('one')).toBe(100)
  await again.close()
  // An entry that is damaged counts for nothing, and neither does what follows it.
  const whole = await readFile(path)
  whole[25] = 1
  await writeFile(path, whole)
  const damaged = await PartFile.open(disk, folder, 'one')
  expect(() => damaged.size('one')).toThrow('lacks bytes from 0')
  await damaged.close()
})

it('refuses more gaps than it is to remember, and takes what fills them', async () => {
  const file = await PartFile.open(disk, folder, 'two', 2)
  for (const from of [0, 2, 4]) await file.keep('two', { from, to: from + 1 })
  const beyond = file.keep('two', { from: 6, to: 7 })
  await expect(beyond).rejects.toMatchObject({ code: 'upload-scattered' })
  await file.keep('two', { from: 1, to: 6 })
  expect(file.size('two')).toBe(6)
  await file.close()
})
