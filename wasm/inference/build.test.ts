import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { kernelName } from '../../packages/node/src/inference/kernel/kernels.ts'
import { buildModule, builtModule } from './build.ts'

it('the committed module is what the sources compile to', async () => {
  expect(Buffer.from(await buildModule()).equals(readFileSync(builtModule))).toBe(true)
})

it('receipts call the committed module by the name of its arithmetic', () => {
  const hash = createHash('sha256').update(readFileSync(builtModule)).digest()
  // Another build: name it in `kernels.ts`, once the frozen logits are shown to be the same.
  expect(kernelName(hash)).not.toEqual(new Uint8Array(hash))
  expect(kernelName(new Uint8Array(32))).toEqual(new Uint8Array(32))
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
    'packNibbles',
    'packQuantized',
    'quantizeRows',
    'widenFour',
    'widenHalf',
    'widenNibbles',
    'widenQuantized',
    'widenSix',
  ])
})
