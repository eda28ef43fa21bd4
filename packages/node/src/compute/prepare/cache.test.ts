import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { createPreparedCache } from './cache.ts'
import { prepareModule } from './prepare.ts'
import { buildModule, int } from './testing/build-module.ts'

const options = { callsBack: () => false }
const { disk } = createRuntime()
const module = (value: number) =>
  buildModule({ functions: [{ params: [], results: [0x7f], code: int(value), name: 'main' }] })

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'prepared-')), 'inner')
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

it('keeps what was prepared, by module and format', async () => {
  const prepare = createPreparedCache(disk, folder)
  const first = await prepare(module(1), 'a', options)
  expect(first).toEqual(prepareModule(module(1), options))
  expect(await prepare(module(1), 'a', options)).toEqual(first)
  expect(await readdir(folder)).toHaveLength(1)
  await prepare(module(2), 'a', options)
  await prepare(module(1), 'b', options)
  expect(await readdir(folder)).toHaveLength(3)
})

it('trusts no file that was changed, cut or swapped', async () => {
  const prepare = createPreparedCache(disk, folder)
  const first = await prepare(module(1), 'a', options)
  const [name = ''] = await readdir(folder)
  const path = join(folder, name)
  const good = await readFile(path)
  const flipped = Buffer.from(good)
  flipped[flipped.length - 2] = 0x55
  await prepare(module(2), 'a', options)
  const other = (await readdir(folder)).find((each) => each !== name) ?? ''
  const swapped = await readFile(join(folder, other))
  for (const bad of [flipped, good.subarray(0, 40), Buffer.alloc(0), swapped]) {
    await writeFile(path, bad)
    expect(await prepare(module(1), 'a', options)).toEqual(first)
    expect(await readFile(path)).toEqual(good)
  }
})

it('prepares where nothing can be kept', async () => {
  await writeFile(join(folder, '..', 'file'), '')
  const prepare = createPreparedCache(disk, join(folder, '..', 'file', 'below'))
  expect(WebAssembly.validate(new Uint8Array(await prepare(module(1), 'a', options)))).toBe(true)
})
