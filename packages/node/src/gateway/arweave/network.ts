import { parseRetention, retentionTags } from '@heddle/protocol/params'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import type { Clock } from '../../runtime/index.ts'
import type { GatewayOptions } from '../options.ts'
import type { BaseLayer } from '../ports.ts'
import type { Wallets } from './development.ts'
import { priceOf } from './price.ts'

/** Name of the network in `/info`. */
const networkName = 'heddle.1'

export type NetworkFacts = {
  readonly consensus: BaseLayer
  readonly peers: readonly string[]
  readonly wallets: Wallets
  readonly clock: Clock
  /** The node's own; empty where it has no key. */
  readonly address: string
  readonly publicUrl?: string | undefined
  readonly options: Pick<GatewayOptions, 'winstonPerMebibyte'>
}

/** What Arweave's clients ask of a node besides items and blocks. */
export function networkRoutes(facts: NetworkFacts): Route[] {
  const { consensus, peers, wallets, options } = facts
  const text = (body: string): RouteReply => ({ status: 200, body })
  const get = (path: string, answer: Route['handle']): Route => ({
    method: 'GET',
    path,
    handle: answer,
  })
  const price = ({ params: { bytes = '0' }, query }: RouteRequest) => {
    const copies = copiesIn(query)
    return text(String(priceOf(Number(bytes), options.winstonPerMebibyte, copies)))
  }
  const hosts = peers.flatMap((peer) => (URL.canParse(peer) ? new URL(peer).host : []))
  return [
    get('/info', () => ({ status: 200, body: infoJson(facts) })),
    get('/height', () => text(String(consensus.tip().height))),
    get('/peers', () => ({ status: 200, body: hosts })),
    get('/price/:bytes(^\\d{1,15}$)', price),
    get('/price/:bytes(^\\d{1,15}$)/:target', price),
    get('/tx_anchor', () => text(consensus.tip().id)),
    get('/tx/pending', () => ({ status: 200, body: [] })),
    get('/wallet/:address/balance', ({ params }) => text(wallets.balanceOf(params.address ?? ''))),
    get('/wallet/:address/last_tx', () => text('')),
    get('/ar-io/info', () => ({ status: 200, body: gatewayJson(facts) })),
    get('/ar-io/peers', () => ({ status: 200, body: { gateways: {}, arweaveNodes: {} } })),
    get('/ar-io/healthcheck', () => ({ status: 200, body: healthJson(facts) })),
  ]
}

/** Copies a price is asked for; one unless told. Throws `retention-invalid`. */
function copiesIn(query: URLSearchParams): number {
  const value = query.get('copies')
  return parseRetention(value === null ? [] : [{ name: retentionTags.copies, value }]).copies
}

/** As ar.io's gateways tell of themselves: here everything is opened and indexed. */
function gatewayJson({ address, publicUrl }: NetworkFacts) {
  return {
    wallet: address,
    release: networkName,
    ans104UnbundleFilter: { always: true },
    ans104IndexFilter: { always: true },
    supportedManifestVersions: ['0.1.0', '0.2.0'],
    bundlers: publicUrl === undefined ? [] : [{ url: publicUrl }],
  }
}

function healthJson({ clock }: NetworkFacts) {
  const uptime = Math.floor(clock.elapsedMs() / 1000)
  return { uptime, date: new Date(clock.nowMs()).toISOString(), message: 'OK' }
}

function infoJson({ consensus, peers }: NetworkFacts) {
  const { height, id } = consensus.tip()
  return {
    network: networkName,
    version: 5,
    release: 1,
    height,
    current: id,
    blocks: height + 1,
    peers: peers.length,
    queue_length: 0,
    node_state_latency: 0,
  }
}
