import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const source = fileURLToPath(new URL('assembly/index.ts', import.meta.url))

/** Where the committed module lies: beside the trainer that runs it. */
export const builtModule = new URL(
  '../../packages/node/src/inference/kernel/training.wasm',
  import.meta.url,
)

/** The compiled kernels of the trainer. The same sources and compiler give the same bytes. */
export async function buildModule(): Promise<Uint8Array> {
  let built: Uint8Array | undefined
  // Warning 112: v128 values pass between our own functions only, never to the host.
  const options = '-O3 --runtime stub --noAssert --importMemory --enable simd --disableWarning 112'
  const { error, stderr } = await main(
    [source, '--outFile', 'training.wasm', ...options.split(' ')],
    {
      writeFile: (_name, contents) => {
        if (contents instanceof Uint8Array) built = contents
      },
    },
  )
  if (error !== null || built === undefined) throw new Error(`asc: ${stderr.toString()}`)
  return built
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(builtModule, await buildModule())
}
