import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readActorSource } from './source.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-source-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

it('leaves the types of TypeScript out, and everything else where it was', async () => {
  const typed = `let n: number = 0\non('Inc', (msg: Message) => { n++ })\n`
  for (const name of ['a.ts', 'a.mts']) {
    const source = await readActorSource(file(name, typed))
    expect(source).not.toMatch(/number|Message/)
    expect(source).toHaveLength(typed.length)
    expect(source).toMatch(/^let n\s+= 0\n/)
  }
})

it('takes anything else as it is', async () => {
  expect(await readActorSource(file('a.js', 'let n: number'))).toBe('let n: number')
  expect(await readActorSource(file('a.lua', 'Count = 0'))).toBe('Count = 0')
})

it('refuses TypeScript that types cannot just be left out of, in one line', async () => {
  const error = await readActorSource(file('b.ts', 'enum A { B }')).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'source-invalid' })
  expect(error.message).toMatch(/b\.ts is not erasable TypeScript/)
  expect(error.message).not.toContain('\n')
})

it('names the file it cannot read', async () => {
  const path = join(folder, 'absent.ts')
  await expect(readActorSource(path)).rejects.toMatchObject({
    code: 'source-unreadable',
    details: { path },
  })
})
