import { createRuntime } from '@heddle/node/runtime'
import { errorMessage } from '@heddle/protocol/base'
import { type Client, createClient } from '@heddle/sdk'
import { parseMetrics, sumOf } from '../top/metrics-text.ts'
import { version } from '../version.ts'
import { clockFinding } from './clock-skew.ts'
import { type Finding, fault, good, warning } from './finding.ts'

const patienceMs = 5_000
/** Processes asked for what stops them. */
const processesMax = 1_000

type Row = {
  readonly process: string
  readonly stopped: string | null
}
type Page = { readonly total: number; readonly processes: readonly Row[] }

/** Looks at a node that answers. */
export async function lookAtNode(client: Client, signal: AbortSignal): Promise<Finding[]> {
  const own = [versionOf, clock, jsModule, processes, outbox]
  return Promise.all(own.map((look) => told(look(client, signal))))
}

/** Looks at other nodes: those given, and those that a node here was told of. */
export async function lookAtPeers(
  given: readonly string[],
  node: Client | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const known = node === undefined ? [] : await knownPeers(node, signal)
  const looking = [...new Set([...given, ...known])].map((url) => lookAtPeer(url, signal))
  return (await Promise.all(looking)).flat()
}

/** A check that could not be made is a finding too. */
async function told(looking: Promise<Finding>): Promise<Finding> {
  return looking.catch((error: unknown) =>
    fault('node', errorMessage(error), 'look at its log (heddle up --log info)'),
  )
}

async function versionOf(client: Client, signal: AbortSignal): Promise<Finding> {
  const status = await client.status(signal)
  if (status.version === version) return good('version', `heddle ${version}, here and at the node`)
  const text = `the node is heddle ${status.version}, this command ${version}`
  return warning('version', text, 'use the same version on both sides')
}

async function clock({ transport }: Client, signal: AbortSignal): Promise<Finding> {
  const { clock } = createRuntime()
  const sentMs = clock.nowMs()
  const { timestamp } = (await transport.get('/cu/', signal)).json() as { timestamp: number }
  return clockFinding({ sentMs, nodeMs: timestamp, receivedMs: clock.nowMs() })
}

async function jsModule(client: Client, signal: AbortSignal): Promise<Finding> {
  const { modules } = await client.status(signal)
  const item = await client.item(modules.js, signal)
  return good('module', `js ${modules.js.slice(0, 12)}… is kept, ${item.data.length} bytes, signed`)
}

async function processes({ transport }: Client, signal: AbortSignal): Promise<Finding> {
  const page = (await transport.get(`/cu/processes?limit=${processesMax}`, signal)).json() as Page
  const stopped = page.processes.filter((row) => row.stopped !== null)
  const [first] = stopped
  if (first === undefined) return good('processes', `${page.total}, none stopped`)
  const text = `${stopped.length} of ${page.total} stopped; ${first.process}: ${first.stopped}`
  const advice =
    'a module that is not here: heddle module add ID --from URL; else see the error’s page'
  return fault('processes', text, advice)
}

async function outbox({ transport }: Client, signal: AbortSignal): Promise<Finding> {
  const { body } = await transport.get('/metrics', signal)
  const series = parseMetrics(new TextDecoder().decode(body))
  const dead = sumOf(series, 'heddle_letters_dead_total')
  const backlog = sumOf(series, 'heddle_backlog_slots')
  const waiting = `${backlog} slots wait for evaluation, ${sumOf(series, 'heddle_letters_pending')} letters for a retry`
  if (dead === 0) return good('queues', waiting)
  const advice = 'GET /mu/outbox?state=dead tells why'
  return warning('queues', `${waiting}; ${dead} letters are dead`, advice)
}

async function knownPeers({ transport }: Client, signal: AbortSignal): Promise<string[]> {
  try {
    const answer = await transport.get('/explorer/api/overview', signal)
    const { peers } = answer.json() as { readonly peers: readonly { readonly url: string }[] }
    return peers.map(({ url }) => url)
  } catch {
    return []
  }
}

async function lookAtPeer(url: string, signal: AbortSignal): Promise<Finding[]> {
  const client = createClient({ url })
  const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  try {
    const named = (finding: Finding) => ({
      ...finding,
      check: `peer ${finding.check}`,
      text: `${url}: ${finding.text}`,
    })
    return [named(await versionOf(client, patience)), named(await clock(client, patience))]
  } catch (error) {
    const advice = 'start it, or take it out of --peer; what is meant for it waits meanwhile'
    return [warning('peer', `${url}: ${errorMessage(error)}`, advice)]
  }
}
