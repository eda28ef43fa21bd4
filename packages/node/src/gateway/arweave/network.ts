import type { Route, RouteReply } from '../../network/index.ts'
import type { BaseLayer } from '../ports.ts'

/** Name of the network in `/info`. */
const networkName = 'heddle.1'

/**
 * What Arweave clients ask of a node besides items and blocks. Keeping an item costs nothing here.
 */
export function networkRoutes(consensus: BaseLayer): Route[] {
  const text = (body: string): RouteReply => ({ status: 200, body })
  const get = (path: string, answer: () => RouteReply): Route => ({
    method: 'GET',
    path,
    handle: answer,
  })
  return [
    get('/info', () => ({ status: 200, body: infoJson(consensus) })),
    get('/height', () => text(String(consensus.tip().height))),
    get('/peers', () => ({ status: 200, body: [] })),
    get('/price/:bytes', () => text('0')),
    get('/price/:bytes/:target', () => text('0')),
    get('/tx_anchor', () => text(consensus.tip().id)),
    get('/wallet/:address/balance', () => text('0')),
    get('/wallet/:address/last_tx', () => text('')),
  ]
}

function infoJson(consensus: BaseLayer) {
  const { height, id } = consensus.tip()
  return {
    network: networkName,
    version: 5,
    release: 1,
    height,
    current: id,
    blocks: height + 1,
    peers: 0,
    queue_length: 0,
    node_state_latency: 0,
  }
}
