import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  type LaneHandler,
  loadErasureKernel,
  loadStorerKeys,
  nativeBls,
  openEngines,
  readDirectory,
  registrationOf,
  StorerRole,
  writeDirectory,
} from '@heddle/node/da'
import { openBulkServer } from '@heddle/node/network'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '@heddle/node/runtime'
import { encodeBase64Url } from '@heddle/protocol/base'

/**
 * Storers of a bench, all in this one process, and a sink that counts bytes. Arguments: folder, count. Prints
 * `ready FILE PORT PORT KEY`: the storer set's file, the port of the sink, port and key of a lane that forgets.
 */
const [folder = '', count = '24'] = process.argv.slice(2)
const host = '127.0.0.1'
const runtime = createRuntime()
const setFile = join(folder, 'set.json')

const folders = Array.from({ length: Number(count) }, (_, at) => join(folder, String(at)))
const keys = await Promise.all(folders.map((own) => loadStorerKeys(runtime, own)))
const beacon = runtime.random.bytes(32)
const entries = keys.map((own) => registrationOf(own, { host, port: 0, stake: 1n }))
await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers: entries })
const { set } = await readDirectory(runtime.disk, nativeBls, setFile)
const engine = openEngines(await loadErasureKernel(runtime.disk))
const sets = { current: () => set, at: () => set }
const storers = []
/** Requests being answered, and when the last one was. */
let active = 0
let lastMs = 0
const quietMs = 300

function counted(handle: LaneHandler): LaneHandler {
  return async (...request) => {
    active++
    try {
      return await handle(...request)
    } finally {
      active--
      lastMs = runtime.clock.elapsedMs()
    }
  }
}

for (const [at, { bls, lane }] of keys.entries()) {
  const own = folders[at] ?? folder
  const storer = await StorerRole.open({ runtime, folder: own, signer: bls, sets, engine })
  const { port } = await openBulkServer(
    {
      ...runtime,
      identity: lane,
      engine: nodeCrypto,
      sockets: systemSockets,
      handle: counted(storer.handle),
      onInternalError: (error) => process.stderr.write(`${error}\n`),
    },
    { host, port: 0 },
  )
  storers.push({ ...registrationOf({ bls, lane }, { host, port, stake: 1n }) })
}
await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers })

/** Answers one byte for each run of so many. */
const runBytes = 128 * 1024 * 1024
const sink = await systemSockets.listen({ host, port: 0, connectionsMax: 4 }, async (socket) => {
  let got = 0
  for (let part = await socket.read(); part !== undefined; part = await socket.read()) {
    got += part.length
    if (got < runBytes) continue
    got -= runBytes
    await socket.write([Uint8Array.of(1)])
  }
})

/** A lane whose server forgets what it gets. */
const identity = ed25519Signer(runtime.random.bytes(32))
const lane = await openBulkServer(
  {
    ...runtime,
    identity,
    engine: nodeCrypto,
    sockets: systemSockets,
    handle: async () => ({ meta: new Uint8Array(0), bodyParts: [] }),
    onInternalError: (error) => process.stderr.write(`${error}\n`),
  },
  { host, port: 0 },
)
const key = encodeBase64Url(identity.owner)
process.stdout.write(`ready ${setFile} ${sink.port} ${lane.port} ${key}\n`)

/** Answers each line, once nothing is under way, with the CPU time of this process so far, µs. */
for await (const _ of createInterface({ input: process.stdin })) {
  while (active > 0 || runtime.clock.elapsedMs() - lastMs < quietMs) await runtime.timer.sleep(50)
  const { user, system } = process.cpuUsage()
  process.stdout.write(`${user + system}\n`)
}
