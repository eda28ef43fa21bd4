import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readActorSource } from './source.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-link-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What a linked actor gives for an expression at its end. */
async function evaluate(path: string, expression: string): Promise<unknown> {
  const source = await readActorSource(path)
  return new Function(`${source}\nreturn ${expression}`)()
}

file('two.ts', 'export const two: number = 2\nexport async function later() {}\n')
file(
  'sum.ts',
  `import { two as deux } from './two.ts'
let calls = 0
export type Sum = number
export function addTwo(n: number): Sum { calls += 1; return n + deux * calls }
function hidden() {}
`,
)

it('takes imported files into the script, each with its own scope', async () => {
  const path = file(
    'actor.ts',
    `import { addTwo, type Sum } from './sum.ts'
import { two } from './two.ts'
const calls = 'mine'
const results: Sum[] = [addTwo(1), addTwo(1)]
`,
  )
  expect(await evaluate(path, '[...results, two, calls, typeof hidden]')).toEqual([
    3,
    5,
    2,
    'mine',
    'undefined',
  ])
})

it('keeps the lines of the actor where they were', async () => {
  const path = file(
    'lines.ts',
    `import {
  two,
} from './two.ts'
const here = two
`,
  )
  expect((await readActorSource(path)).split('\n')[3]).toBe('const here = two')
})

it('refuses names that are not there, circles, and files that are not', async () => {
  const missing = file('missing.ts', `import { three } from './two.ts'\n`)
  await expect(readActorSource(missing)).rejects.toThrow('exports two, later, not three')
  file('b.ts', `import { a } from './a.ts'\nexport const b = 1\n`)
  const circle = file('a.ts', `import { b } from './b.ts'\nexport const a = 1\n`)
  await expect(readActorSource(circle)).rejects.toMatchObject({ code: 'source-invalid' })
  const absent = file('absent.ts', `import { x } from './nowhere.ts'\n`)
  await expect(readActorSource(absent)).rejects.toMatchObject({ code: 'source-unreadable' })
})
