import { describe, expect, it } from 'vitest'
import { readSources, type Source } from './source.ts'
import { findBanned, findDeadExports, findLongFiles } from './tidy.ts'

const sources = readSources()

function source(path: string, text: string): Source {
  return { path, text, room: 'node/x', isTest: false, imports: [] }
}

describe('tidy', () => {
  it('keeps clock, chance, timers, environment and console in their rooms', () => {
    expect(findBanned(sources)).toEqual([])
  })

  it('keeps files short', () => {
    expect(findLongFiles(sources)).toEqual([])
  })

  it('exports nothing for nobody', () => {
    expect(findDeadExports(sources)).toEqual([])
  })

  it('would notice each of them', () => {
    const path = 'packages/node/src/x/y.ts'
    expect(
      findBanned([source(path, 'const t = Date.now()\n// Date.now() in words is fine')]),
    ).toHaveLength(1)
    expect(findBanned([source(path, 'let x: any')])).toHaveLength(1)
    expect(findLongFiles([source(path, 'x\n'.repeat(501))])).toHaveLength(1)
    expect(findDeadExports([source(path, 'export const alone = 1')])).toHaveLength(1)
  })
})
