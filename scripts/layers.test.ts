import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCycles, findLayerFaults, type Layers } from './layers.ts'
import { readSources, root, type Source } from './source.ts'

function source(path: string, room: string, imports: string[]): Source {
  return {
    path,
    text: '',
    room,
    isTest: false,
    imports: imports.map((file) => ({ file, names: [] })),
  }
}

describe('layers', () => {
  const { '//': _comment, ...rest } = JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8'))
  const layers: Layers = rest
  const sources = readSources()

  it('reads the tree', () => {
    expect(sources.length).toBeGreaterThan(20)
    expect(sources.find(({ path }) => path === 'scripts/layers.ts')?.imports[0]?.file).toBe(
      'scripts/source.ts',
    )
  })

  it('imports only point down', () => {
    expect(findLayerFaults(sources, layers)).toEqual([])
  })

  it('no file reaches itself', () => {
    expect(findCycles(sources)).toEqual([])
  })

  it('would notice a sibling, a reach past the face, an unnamed room and a circle', () => {
    const a = 'packages/node/src/a/index.ts'
    const b = 'packages/node/src/b/inner.ts'
    const world = [source(a, 'node/a', [b]), source(b, 'node/b', [a])]
    expect(findLayerFaults(world, { 'node/a': [] })).toHaveLength(4)
    expect(findCycles(world)).toEqual([[a, b]])
  })
})
