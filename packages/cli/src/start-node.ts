import { type NodeOptions, parseNodeOptions, readEnvironment } from '@heddle/node/config'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import type { Flag, Flags } from './command.ts'
import { print, withProgress } from './output.ts'
import { version } from './version.ts'

/** Flags of every command that starts a node. */
export const nodeFlags: Readonly<Record<string, Flag>> = {
  port: { type: 'string', help: 'PORT to listen on (default 4000; 0: any free one)' },
  host: { type: 'string', help: 'ADDRESS to listen on (default 127.0.0.1)' },
  data: { type: 'string', help: 'DIR for everything the node keeps (default .heddle)' },
  roles: {
    type: 'string',
    help: 'all: gateway, scheduler, compute, messenger (the default); or storer',
  },
  storers: {
    type: 'string',
    help: 'COUNT of storers to start for the wide lane (24 bear 7 faulty)',
  },
  'storer-set': {
    type: 'string',
    help: 'FILE with the storers to publish to, or a storer is one of',
  },
  availability: {
    type: 'string',
    help: 'local (default); certified: replies about processes wait until storers have signed',
  },
  'lane-port': { type: 'string', help: 'PORT of a storer’s lane (default 0: any free one)' },
  peer: { type: 'string', help: 'URL,URL… of other nodes' },
  'public-url': { type: 'string', help: 'URL under which others reach this node' },
  key: { type: 'string', help: 'FILE with the node’s key (default: node-key.json in --data)' },
  'model-memory-mib': {
    type: 'string',
    help: 'MEBIBYTES that models answering at /v1 may hold together (default 2048)',
  },
  'model-context': {
    type: 'string',
    help: 'TOKENS of prompt and answer together at /v1, at most (default 2048)',
  },
  'compute-threads': {
    type: 'string',
    help: 'COUNT of threads that evaluate (default: a core each but one, at most 4)',
  },
  'compute-memory-mib': {
    type: 'string',
    help: 'MEBIBYTES that live processes may take; the rest sleep (default: a quarter of memory)',
  },
  'evaluation-timeout-ms': { type: 'string', help: 'MS of the longest evaluation (default 60000)' },
  log: { type: 'string', help: 'LEVEL: info, warn (default), error or silent' },
  'winston-per-mib': {
    type: 'string',
    help: 'WINSTON asked for a MiB of a transaction’s data (default 0)',
  },
  keepers: {
    type: 'string',
    help: 'URL#ADDRESS,… of nodes that keep copies of uploads that ask for several',
  },
  placement: { type: 'string', help: 'LABEL,… of where this node’s disk is, e.g. region:eu' },
  'keep-copies-mib': {
    type: 'string',
    help: 'MEBIBYTES to keep for other nodes, all together (default 0: nothing)',
  },
  'keep-for': { type: 'string', help: 'ADDRESS,… of nodes to keep copies for; or anyone' },
  'stake-authority': {
    type: 'string',
    help: 'ADDRESS whose items give keepers their stakes (default: the node’s own)',
  },
  'challenge-copies-s': {
    type: 'string',
    help: 'SECONDS between two challenges of a copy (default 3600)',
  },
  recover: {
    type: 'string',
    help: 'PROCESS,… to rebuild from the store: that of --peer, or this node’s own',
  },
  dev: { type: 'boolean', help: 'log what the node does; blocks at /mine, balances at /mint' },
}

/** A node that answers, and the promise of its end. */
export type StartedNode = {
  readonly url: string
  readonly options: NodeOptions
  readonly stopped: Promise<void>
}

/**
 * Starts a node from flags and environment and prints its ready line. Ends the process where it was told
 * to stop before that: nothing was acknowledged yet.
 */
export async function startFromFlags(flags: Flags, signal: AbortSignal): Promise<StartedNode> {
  const given = flags as Readonly<Record<string, string | boolean | undefined>>
  const options = parseNodeOptions({ ...readEnvironment(), ...given })
  // Loaded here, since most commands need no node.
  const { startNode, waitForStop } = await import('@heddle/node/main')
  const starting = startNode(options, { version }).catch((cause) => {
    throw startFailed(options.dataFolder, cause)
  })
  const node = await withProgress('starting', Promise.race([starting, interrupted(signal)]))
  if (node === undefined) process.exit(0)
  print(`ready ${node.url}`)
  return { url: node.url, options, stopped: waitForStop(node) }
}

/** Errors of the system name a file of the data folder; what to do about it is ours to say. */
function startFailed(dataFolder: string, cause: unknown): unknown {
  if (cause instanceof HeddleError) return cause
  const told = errorMessage(cause)
  const text = `cannot start on data folder ${dataFolder}: ${told}; choose another with --data`
  return new HeddleError('start-failed', 'unavailable', text, { dataFolder }, { cause })
}

function interrupted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
