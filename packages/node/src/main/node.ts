import { encodeBase64Url, isHeddleError } from '@heddle/protocol/base'
import { buildJsModule } from '../compute/index.ts'
import type { NodeOptions } from '../config/index.ts'
import { type Mount, openServer, type Route } from '../network/index.ts'
import { createLog, createMetrics } from '../observe/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { createClosing } from './closing.ts'
import { loadNodeKey } from './key.ts'
import { lockDataFolder } from './lock.ts'
import { measureBodies, noteAnswers } from './meters.ts'
import { nodeRoutes } from './node-routes.ts'
import { startStorerNode } from './storer-node.ts'
import { wireRooms } from './wire.ts'

/** One line of the node's route tables, the mount's prefix before the path. */
export type ServedRoute = Pick<Route, 'method' | 'path'> & { readonly room: string }

/** A running node. */
export type HeddleNode = {
  readonly url: string
  readonly address: string
  readonly jsModuleId: string
  /** All it answers; none for a storer. */
  readonly routes: readonly ServedRoute[]
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
    measureBodies(metrics, socket)
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
    const own: Mount = { room: 'main', prefix: '', routes: nodeRoutes(state, metrics) }
    const mounts = [own, ...rooms.mounts]
    await socket.serve(mounts, {
      onInternalError(error, { id: requestId, ...request }) {
        edge.error({ error, requestId, ...request }, 'a route failed')
      },
      onAnswered: noteAnswers(metrics, edge),
    })
    for (const processId of options.recover) {
      // One that is here, from the last start with this option, needs nothing.
      await rooms.recover(processId).catch((error: unknown) => {
        if (!isHeddleError(error, 'log-hosted')) throw error
      })
    }
    const close = () => closing.run()
    const routes = mounts.flatMap(servedRoutes)
    return { url: socket.url, address, jsModuleId: jsModule.id, routes, close }
  } catch (error) {
    await closing.run().catch(() => undefined)
    throw error
  }
}

/** A storer runs no processes, so it has no module and no HTTP. */
async function startStorer(options: NodeOptions): Promise<HeddleNode> {
  const storer = await startStorerNode(options)
  return { ...storer, jsModuleId: '', routes: [] }
}

function servedRoutes({ prefix, routes, room = '' }: Mount): ServedRoute[] {
  return routes.map(({ method, path }) => ({ room, method, path: `${prefix}${path}` }))
}
