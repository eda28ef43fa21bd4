import { encodeBase64Url } from '@heddle/protocol/base'
import { buildJsModule } from '../compute/index.ts'
import type { NodeOptions } from '../config/index.ts'
import { openServer } from '../network/index.ts'
import { createLog, createMetrics } from '../observe/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { createClosing } from './closing.ts'
import { loadNodeKey } from './key.ts'
import { lockDataFolder } from './lock.ts'
import { nodeRoutes } from './node-routes.ts'
import { startStorerNode } from './storer-node.ts'
import { wireRooms } from './wire.ts'

/** A running node. */
export type HeddleNode = {
  readonly url: string
  readonly address: string
  readonly jsModuleId: string
  /** Ends every room; what was acknowledged is durable before and after. */
  close(): Promise<void>
}

/**
 * Starts a node and resolves once every surface answers. Rejects with `data-folder-in-use`,
 * `port-unavailable`, `node-key-invalid`, or what a room says of its files; nothing stays open then.
 */
export async function startNode(
  options: NodeOptions,
  { version }: { readonly version: string },
): Promise<HeddleNode> {
  if (options.roles.includes('storer')) return startStorer(options)
  const runtime = createRuntime()
  const closing = createClosing()
  const log = createLog(options.logLevel)
  const metrics = createMetrics()
  try {
    await runtime.disk.makeFolder(options.dataFolder)
    const lock = lockDataFolder(options.dataFolder)
    closing.add(() => lock.release())
    const signer = await loadNodeKey(options.dataFolder, options.keyFile, runtime)
    const address = encodeBase64Url(nodeCrypto.sha256(signer.owner))
    const socket = await openServer({ host: options.host, port: options.port })
    closing.first(() => socket.close())
    const publicUrl = options.publicUrl ?? socket.url
    const rooms = await wireRooms({ options, runtime, signer, log, metrics, publicUrl, closing })
    const jsModule = await buildJsModule(nodeCrypto, runtime.disk)
    await rooms.keep(jsModule)
    const state = {
      version,
      roles: options.roles,
      address,
      jsModuleId: jsModule.id,
      processes: rooms.processCount,
      height: () => rooms.consensus.tip().height,
    }
    const edge = log.forRoom('network')
    await socket.serve([{ prefix: '', routes: nodeRoutes(state, metrics) }, ...rooms.mounts], {
      onInternalError: (error, request) => edge.error({ error, ...request }, 'a route failed'),
    })
    return { url: socket.url, address, jsModuleId: jsModule.id, close: () => closing.run() }
  } catch (error) {
    await closing.run().catch(() => undefined)
    throw error
  }
}

/** A storer runs no processes, so it has no module and no HTTP. */
async function startStorer(options: NodeOptions): Promise<HeddleNode> {
  const storer = await startStorerNode(options)
  return { ...storer, jsModuleId: '' }
}
