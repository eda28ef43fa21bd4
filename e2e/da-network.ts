import { join } from 'node:path'
import {
  addressesOf,
  createRetriever,
  DisperserRole,
  daRoutes,
  type LaneHandler,
  loadErasureKernel,
  loadStorerKeys,
  nativeBls,
  openBlake3,
  openCertificateStore,
  openEngines,
  openLane,
  readDirectory,
  registrationOf,
  repairStorer,
  StorerRole,
  writeDirectory,
} from '@heddle/node/da'
import { openJournal } from '@heddle/node/journal'
import { openBulkClient, openBulkServer, openServer } from '@heddle/node/network'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '@heddle/node/runtime'
import { storerDirectoryToJson, verifyCertificate } from '@heddle/protocol/certificate'
import { createClient } from '@heddle/sdk'

/** How a storer behaves: `lying` flips a bit of what it serves, `forging` signs what it did not keep. */
export type Conduct = 'honest' | 'stalled' | 'lying' | 'forging' | 'gone'

const runtime = createRuntime()
const host = '127.0.0.1'
const parts = { engine: nodeCrypto, sockets: systemSockets, ...runtime }

/** A disperser, a reader and storers with real lanes and folders, all in this process. */
export async function openDaNetwork(folder: string, storers = 24) {
  const kernel = await loadErasureKernel(runtime.disk)
  const engineFor = openEngines(kernel)
  const folders = Array.from({ length: storers }, (_, at) => join(folder, String(at)))
  const keys = await Promise.all(folders.map((own) => loadStorerKeys(runtime, own)))
  const setFile = join(folder, 'set.json')
  const beacon = runtime.random.bytes(32)
  const unbound = keys.map((own) => registrationOf(own, { host, port: 0, stake: 1n }))
  await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers: unbound })
  const { set } = await readDirectory(runtime.disk, nativeBls, setFile)
  const sets = { current: () => set, at: (epoch: number) => (epoch === 0 ? set : undefined) }
  const conduct = new Map<number, Conduct>()
  const openStorer = async (at: number) => {
    const signer = keys[at]?.bls
    if (signer === undefined) throw new Error(`there is no storer ${at}`)
    const own = folders[at] ?? folder
    return StorerRole.open({ runtime, folder: own, signer, sets, engine: engineFor })
  }
  const running = await Promise.all(folders.map((_, at) => openStorer(at)))
  const servers = await Promise.all(
    keys.map(({ lane }, at) => {
      const handle: LaneHandler = (kind, meta, body, peer, signal) => {
        const storer = running[at]
        if (storer === undefined) throw new Error('it was opened')
        return behave(conduct.get(at) ?? 'honest', storer.handle, [kind, meta, body, peer, signal])
      }
      // What a faulty storer throws is its own business.
      const onInternalError = () => {}
      return openBulkServer(
        { ...parts, identity: lane, handle, onInternalError },
        { host, port: 0 },
      )
    }),
  )
  const bound = unbound.map((entry, at) => ({ ...entry, port: servers[at]?.port ?? 0 }))
  await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers: bound })
  const { directory } = await readDirectory(runtime.disk, nativeBls, setFile)
  const bulk = openBulkClient({ ...parts, identity: ed25519Signer(runtime.random.bytes(32)) })
  const lane = openLane(bulk, addressesOf(directory))
  const hash = openBlake3()
  if (hash === undefined) throw new Error('the addon of BLAKE3 is a dependency')
  const disperser = new DisperserRole(
    { runtime, kernel, lane, sets, bls: nativeBls, hash },
    { encoders: 1, storerTimeoutMs: 20_000, batchMs: 20 },
  )
  const storerSet = (epoch: number) => (epoch === 0 ? set : undefined)
  const retriever = createRetriever(
    { lane, storerSet, engineFor, bls: nativeBls, ...runtime },
    { hedgeMsMin: 100, hedgeMsMax: 300 },
  )
  const journal = await openJournal(join(folder, 'certificates'), runtime)
  const certificates = await openCertificateStore(journal, await journal.claim())
  const http = await openServer({ port: 0 })
  const routes = daRoutes({
    publisher: disperser,
    certificates,
    retriever,
    lane,
    timer: runtime.timer,
    clock: runtime.clock,
    verify: (certificate) => void verifyCertificate(nativeBls, set, certificate),
    directory: () => storerDirectoryToJson(directory),
  })
  await http.serve([{ prefix: '/da', routes }], {
    onInternalError: (error) => {
      throw error
    },
  })
  const storerSetJson = storerDirectoryToJson(directory)
  const clientOf = (url: string, engines?: typeof engineFor) => {
    const native = engines === undefined ? {} : { engineFor: engines }
    return createClient({ url, da: { storers: storerSetJson, bls: nativeBls, ...native } })
  }
  return {
    client: clientOf(http.url, engineFor),
    /** A client of another node that believes the same storer set; without engines of its own. */
    clientOf,
    url: http.url,
    setFile,
    retriever,
    certificates,
    behave: (at: number, how: Conduct) => void conduct.set(at, how),
    /** Takes a storer's disk away and lets it repair itself. */
    async repair(at: number) {
      await running[at]?.close()
      const own = folders[at] ?? folder
      for (const name of await runtime.disk.list(own)) {
        if (name !== 'key' && name !== 'lane-key') await runtime.disk.remove(join(own, name))
      }
      const storer = await openStorer(at)
      running[at] = storer
      const failures: unknown[] = []
      const repaired = await repairStorer({
        storer: storer.key,
        handle: storer.handle,
        retriever,
        certificates: certificates.all(),
        onFailure: (_certificate, error) => void failures.push(error),
      })
      return { ...repaired, failures }
    },
    async close() {
      await http.close()
      await disperser.close()
      bulk.close()
      await Promise.all(servers.map((server) => server.close()))
      await Promise.all(running.map((storer) => storer.close()))
      await journal.close()
    },
  }
}

type Request = Parameters<LaneHandler>

/** Answers a request as a storer of this conduct. */
export async function behave(how: Conduct, handle: LaneHandler, request: Request) {
  const [kind, , , , signal] = request
  if (how === 'gone') throw new Error('gone')
  if (how === 'stalled') {
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
  }
  const reply = await handle(...request)
  const isPut = kind === 1
  if (how === 'lying' && !isPut) {
    const bodyParts = reply.bodyParts.map((part) =>
      part.map((byte, at) => (at === 9 ? ~byte : byte)),
    )
    return { ...reply, bodyParts }
  }
  if (how === 'forging' && isPut)
    return { ...reply, meta: reply.meta.map((b, at) => (at > 9 ? ~b : b)) }
  return reply
}
