import {
  loadErasureKernel,
  loadStorerKeys,
  nativeBls,
  openEngines,
  readDirectory,
  StorerRole,
} from '@heddle/node/da'
import { openBulkServer } from '@heddle/node/network'
import { createRuntime, nodeCrypto, systemSockets } from '@heddle/node/runtime'
import { behave, type Conduct } from './da-network.ts'

/**
 * A storer in a process of its own that behaves as told: faults are of this program, no product code has them.
 * Arguments: data folder, storer set file, conduct. Prints `ready PORT`; ends with its standard input.
 */
const [folder = '', setFile = '', conduct = 'honest'] = process.argv.slice(2)
const runtime = createRuntime()
const keys = await loadStorerKeys(runtime, folder)
const { set } = await readDirectory(runtime.disk, nativeBls, setFile)
const storer = await StorerRole.open({
  runtime,
  folder,
  signer: keys.bls,
  sets: { current: () => set, at: (epoch) => (epoch === set.epoch ? set : undefined) },
  engine: openEngines(await loadErasureKernel(runtime.disk)),
})
const server = await openBulkServer(
  {
    ...runtime,
    identity: keys.lane,
    engine: nodeCrypto,
    sockets: systemSockets,
    handle: (...request) => behave(conduct as Conduct, storer.handle, request),
    // What a faulty storer throws is its own business.
    onInternalError: () => {},
  },
  { host: '127.0.0.1', port: 0 },
)
process.stdout.write(`ready ${server.port}\n`)
process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
