import { parseNodeOptions, readEnvironment } from '@heddle/node/config'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import type { Command, Flag } from '../command.ts'
import { print, withProgress } from '../output.ts'
import { version } from '../version.ts'

export const nodeFlags: Readonly<Record<string, Flag>> = {
  port: { type: 'string', help: 'PORT to listen on (default 4000; 0: any free one)' },
  host: { type: 'string', help: 'ADDRESS to listen on (default 127.0.0.1)' },
  data: { type: 'string', help: 'DIR for everything the node keeps (default .heddle)' },
  roles: { type: 'string', help: 'LIST of gateway,scheduler,compute,messenger, or all' },
  peer: { type: 'string', help: 'URL,URL… of other nodes' },
  'public-url': { type: 'string', help: 'URL under which others reach this node' },
  key: { type: 'string', help: 'FILE with the node’s key (default: node-key.json in --data)' },
  'compute-threads': {
    type: 'string',
    help: 'COUNT of threads that evaluate (default: one a core)',
  },
  'evaluation-timeout-ms': { type: 'string', help: 'MS of the longest evaluation (default 10000)' },
  log: { type: 'string', help: 'LEVEL: info, warn (default), error or silent' },
  dev: { type: 'boolean', help: 'development extras' },
}

/** Errors of the system name a file of the data folder; what to do about it is ours to say. */
function startFailed(dataFolder: string, cause: unknown): unknown {
  if (cause instanceof HeddleError) return cause
  const text = `cannot start on data folder ${dataFolder}: ${errorMessage(cause)}; choose another with --data`
  return new HeddleError('start-failed', 'unavailable', text, { dataFolder }, { cause })
}

function interrupted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

export const upCommand: Command = {
  name: 'up',
  usage: '',
  summary: 'Start a node',
  flags: nodeFlags,
  arguments: [0, 0],
  async run({ flags, signal }) {
    const given = flags as Readonly<Record<string, string | boolean | undefined>>
    const options = parseNodeOptions({ ...readEnvironment(), ...given })
    const { startNode, waitForStop } = await import('@heddle/node/main')
    const starting = startNode(options, { version }).catch((cause) => {
      throw startFailed(options.dataFolder, cause)
    })
    const node = await withProgress('starting', Promise.race([starting, interrupted(signal)]))
    // Reading long logs can take a while. Nothing was acknowledged yet, so the process may just end.
    if (node === undefined) process.exit(0)
    print(`ready ${node.url}`)
    await waitForStop(node)
    return 0
  },
}
