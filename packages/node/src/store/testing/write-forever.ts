import { DataRootBuilder } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import { permanentRetention } from '@heddle/protocol/params'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { openStore } from '../store.ts'
import { killOptions, killSize } from './kill.ts'
import { patternBytes, storeDeps, streamOf } from './store-folder.ts'

/** Writes into a store until killed, in every way there is, and prints each seed once it is durable. */
const [, , folder = '', firstSeed = '0'] = process.argv
const runtime = createRuntime()
const store = await openStore(folder, storeDeps(runtime), killOptions)
let seed = Number(firstSeed)

/** What was told to be kept stays, while what was leased beside it goes. */
async function writeOne(): Promise<void> {
  const mine = seed++
  const bytes = patternBytes(killSize(mine), mine)
  const data = mine % 3 === 0 ? await postChunks(bytes) : await store.write(streamOf(bytes, 70_000))
  const isLeased = mine % 2 === 0
  const retention = isLeased ? { ...permanentRetention, untilMs: 1 } : permanentRetention
  await store.hold(data, 'test', retention)
  if (!isLeased) process.stdout.write(`${mine}\n`)
}

async function postChunks(bytes: Uint8Array) {
  const builder = new DataRootBuilder(nodeCrypto)
  const early = builder.push(bytes)
  const { chunks, tree } = builder.end()
  const data = { dataRoot: encodeBase64Url(tree.root), sizeBytes: bytes.length }
  await Promise.all(
    [...early, ...chunks].map((chunk, i) =>
      store.keepChunk({
        dataRoot: data.dataRoot,
        dataSizeBytes: data.sizeBytes,
        offset: chunk.toByte - 1,
        dataPath: tree.path(i),
        bytes: chunk.bytes,
      }),
    ),
  )
  return data
}

async function writeForever(): Promise<void> {
  for (;;) await writeOne()
}

async function collectForever(): Promise<void> {
  for (;;) {
    await runtime.timer.sleep(10)
    await store.collect()
  }
}

process.stdout.write('ready\n')
// The timer alone does not keep the process alive.
process.stdin.resume()
await Promise.all([writeForever(), writeForever(), writeForever(), collectForever()])
