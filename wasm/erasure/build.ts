import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { emitButterflies } from './emit.ts'

/**
 * Where the built module lies: inside the package that runs it, so that it is published with it.
 */
export const builtPath = fileURLToPath(
  new URL('../../packages/node/src/da/erasure.wasm', import.meta.url),
)

const kernelPath = new URL('assembly/kernel.ts', import.meta.url)

/**
 * Memory is imported and shared, so that rows can be handed to another thread without a copy.
 * Bodies of butterflies are not inlined since they are reached through tables only.
 */
const flags = [
  ...['kernel.ts', '--outFile', 'erasure.wasm', '--runtime', 'stub'],
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert'],
  ...['--enable', 'simd', '--enable', 'threads'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '16', '--maximumMemory', '65536'],
]

/**
 * Generates and compiles the kernel; the bytes depend on nothing but the sources and the compiler.
 */
export async function buildErasureKernel(): Promise<Uint8Array> {
  const sources = new Map([
    ['kernel.ts', readFileSync(kernelPath, 'utf8')],
    ['butterflies.ts', emitButterflies()],
  ])
  let built: Uint8Array | undefined
  const { error, stderr } = await asc.main(flags, {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') built = Uint8Array.from(contents)
    },
    listFiles: () => [],
  })
  if (error !== null) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
  if (built === undefined) throw new Error('asc wrote no module')
  return built
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(builtPath, await buildErasureKernel())
}
