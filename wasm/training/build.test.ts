import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { buildModule, builtModule } from './build.ts'

// Four seconds of compiling. Every run checks that the committed kernels are those of the published
// training (training/training.test.ts); this says that they are what the sources compile to.
it.skipIf(process.env.HEDDLE_KERNELS === undefined)(
  'the committed kernels are what the sources compile to',
  async () => {
    expect(Buffer.from(await buildModule()).equals(readFileSync(builtModule))).toBe(true)
  },
)

it('the kernels take a memory and nothing else', () => {
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(builtModule)))
  expect(WebAssembly.Module.imports(module)).toEqual([
    { module: 'env', name: 'memory', kind: 'memory' },
  ])
})
