/**
 * One data set of several GiB in and out of a store, with the most memory the process had meanwhile.
 * Opt-in, for it writes the disk full: `node bench/store-stream.ts 4`. Ends with 1 above 300 MB.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { openStore, type Store, type StoredData } from '@heddle/node/store'
import { remark, report } from './report.ts'

const mebibyte = 1024 * 1024
const rssLimitMb = 300
const gibibytes = Number(process.argv[2] ?? '4')
const runtime = createRuntime()

/** Bytes no two chunks of which are equal, in the parts a socket brings. */
async function* source(sizeBytes: number): AsyncGenerator<Uint8Array> {
  const partBytes = 64 * 1024
  for (let at = 0; at < sizeBytes; at += partBytes) {
    const part = new Uint8Array(Math.min(partBytes, sizeBytes - at))
    new DataView(part.buffer).setFloat64(0, at)
    yield part
  }
}

async function measure(metric: string, sizeBytes: number, work: () => Promise<void>) {
  const startMs = runtime.clock.elapsedMs()
  await work()
  const seconds = (runtime.clock.elapsedMs() - startMs) / 1000
  report({ bench: 'store-stream', metric, value: sizeBytes / 1e6 / seconds, unit: 'MB/s' })
  remark(`most memory so far: ${Math.round(mostMb())} MB`)
}

/** Of all the time the process ran; the system tells it in kibibytes. */
function mostMb(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6
}

/** As a reply does it: a part is done with when the next is asked for. */
const sentOn = { reuse: true }

async function readWhole(store: Store, data: StoredData): Promise<void> {
  let bytes = 0
  for await (const part of store.read(data, 0, data.sizeBytes, sentOn)) bytes += part.length
  if (bytes !== data.sizeBytes) throw new Error(`${bytes} bytes came back of ${data.sizeBytes}`)
}

const folder = await mkdtemp(join(tmpdir(), 'heddle-store-stream-'))
remark(`most memory at the start: ${Math.round(mostMb())} MB`)
const store = await openStore(folder, {
  runtime,
  engine: nodeCrypto,
  onDamage: (damage) => remark(JSON.stringify(damage)),
  onFault: (what, error) => remark(`${what}: ${error}`),
})
try {
  const sizeBytes = gibibytes * 1024 * mebibyte
  let data: StoredData = { dataRoot: '', sizeBytes: 0 }
  await measure('write', sizeBytes, async () => {
    data = await store.write(source(sizeBytes), { sizeBytes })
  })
  await measure('read', sizeBytes, () => readWhole(store, data))
} finally {
  await store.close()
  await rm(folder, { recursive: true, force: true })
}
const rssMb = mostMb()
report({ bench: 'store-stream', metric: 'rss-most', value: rssMb, unit: 'MB' })
process.exit(rssMb > rssLimitMb ? 1 : 0)
