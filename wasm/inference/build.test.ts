import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { buildModule, builtModule } from './build.ts'

it('the committed module is what the sources compile to', async () => {
  expect(Buffer.from(await buildModule()).equals(readFileSync(builtModule))).toBe(true)
})

it('the module takes a memory and nothing else', async () => {
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(builtModule)))
  expect(WebAssembly.Module.imports(module)).toEqual([
    { module: 'env', name: 'memory', kind: 'memory' },
  ])
  const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function')
  expect(functions.map(({ name }) => name).sort()).toEqual([
    'checkWeights',
    'forward',
    'packQuantized',
    'quantizeRows',
    'widenHalf',
    'widenQuantized',
  ])
})
