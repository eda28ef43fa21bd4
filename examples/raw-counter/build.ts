import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const source = fileURLToPath(new URL('assembly/index.ts', import.meta.url))

/** The compiled actor; spawn it with `Module-Format: wasm32-unknown-raw-heddle1`. */
export async function buildCounter(): Promise<Uint8Array> {
  let built: Uint8Array | undefined
  const options = '-O --runtime incremental'
  const { error, stderr } = await main([source, '--outFile', 'out.wasm', ...options.split(' ')], {
    writeFile: (_name, contents) => {
      if (contents instanceof Uint8Array) built = contents
    },
  })
  if (error !== null || built === undefined) throw new Error(`asc: ${stderr.toString()}`)
  return built
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync('counter.wasm', await buildCounter())
}
