import { join } from 'node:path'
import { encodeBase64Url, encodeText, equalBytes, HeddleError } from '@heddle/protocol/base'
import { storerDirectoryToJson } from '@heddle/protocol/certificate'
import {
  loadErasureKernel,
  loadStorerKeys,
  nativeBls,
  openEngines,
  readDirectory,
  registrationOf,
  type StorerKeys,
  StorerRole,
} from '../da/index.ts'
import { openBulkServer } from '../network/index.ts'
import { createLog, type LogLevel } from '../observe/index.ts'
import { createRuntime, type Disk, nodeCrypto, systemSockets } from '../runtime/index.ts'
import { createClosing } from './closing.ts'
import { lockDataFolder } from './lock.ts'

export type StorerNodeOptions = {
  /** Keys and rows of this storer. */
  readonly dataFolder: string
  readonly storerSetFile: string | undefined
  readonly host: string
  /** 0 lets the system choose. */
  readonly lanePort: number
  readonly logLevel: LogLevel
}

/** A running storer. */
export type StorerNode = {
  /** `tcp://host:port` of its lane. */
  readonly url: string
  /** Its lane key, base64url. */
  readonly address: string
  close(): Promise<void>
}

/**
 * Starts a storer that is nothing else: a folder, two keys, a lane. Rejects with `storer-set-file`,
 * `data-folder-in-use`, or what its files say.
 */
export async function startStorerNode(options: StorerNodeOptions): Promise<StorerNode> {
  const { dataFolder, storerSetFile, host, lanePort, logLevel } = options
  const runtime = createRuntime()
  const closing = createClosing()
  const log = createLog(logLevel).forRoom('da')
  try {
    await runtime.disk.makeFolder(dataFolder)
    const lock = lockDataFolder(dataFolder)
    closing.add(() => lock.release())
    const keys = await loadStorerKeys(runtime, dataFolder)
    const registration = await writeRegistration(runtime.disk, keys, options)
    if (storerSetFile === undefined) throw setFileMissing(registration)
    const { set } = await readDirectory(runtime.disk, nativeBls, storerSetFile)
    if (!set.storers.some(({ key }) => equalBytes(key, keys.bls.key))) {
      throw notInSet(storerSetFile, registration)
    }
    const storer = await StorerRole.open({
      runtime,
      folder: dataFolder,
      signer: keys.bls,
      sets: { current: () => set, at: (epoch) => (epoch === set.epoch ? set : undefined) },
      engine: openEngines(await loadErasureKernel(runtime.disk)),
      onDamage: (commitment) =>
        log.warn(
          { commitment: encodeBase64Url(commitment) },
          'the disk did not keep what it was given of a blob: heddle da repair puts it right',
        ),
    })
    closing.add(() => storer.close())
    const server = await openBulkServer(
      {
        identity: keys.lane,
        random: runtime.random,
        timer: runtime.timer,
        engine: nodeCrypto,
        sockets: systemSockets,
        handle: storer.handle,
        onInternalError: (error) => log.error({ error }, 'a request of the lane failed'),
      },
      { host, port: lanePort },
    )
    closing.first(() => server.close())
    const address = encodeBase64Url(keys.lane.owner)
    return { url: `tcp://${host}:${server.port}`, address, close: () => closing.run() }
  } catch (error) {
    await closing.run().catch(() => undefined)
    throw error
  }
}

/** What this storer is to be registered with, for whoever makes the set. */
async function writeRegistration(
  disk: Pick<Disk, 'replace'>,
  keys: StorerKeys,
  { dataFolder, host, lanePort }: StorerNodeOptions,
): Promise<string> {
  const path = join(dataFolder, 'registration.json')
  const entry = registrationOf(keys, { host, port: lanePort, stake: 1n })
  const { storers } = storerDirectoryToJson({
    epoch: 0,
    beacon: new Uint8Array(32),
    storers: [entry],
  })
  await disk.replace(path, encodeText(`${JSON.stringify(storers[0], undefined, 2)}\n`))
  return path
}

function setFileMissing(registration: string): HeddleError {
  const text =
    'a storer needs the storer set of its network: give --storer-set FILE. ' +
    `To be in one, send ${registration} to who makes it.`
  return new HeddleError('setting-invalid', 'invalid', text)
}

function notInSet(storerSetFile: string, registration: string): HeddleError {
  const text = `storer set ${storerSetFile} has not this storer: send ${registration} to who makes it`
  return new HeddleError('storer-not-in-set', 'denied', text, { storerSetFile })
}
