import { parseNodeOptions, readEnvironment } from '@heddle/node/config'
import { startNode, waitForStop } from '@heddle/node/main'
import type { Command, Flag } from '../command.ts'
import { print } from '../output.ts'
import { version } from '../version.ts'

export const nodeFlags: Readonly<Record<string, Flag>> = {
  port: { type: 'string', help: 'PORT to listen on (default 4000; 0: any free one)' },
  host: { type: 'string', help: 'ADDRESS to listen on (default 127.0.0.1)' },
  data: { type: 'string', help: 'DIR for everything the node keeps (default .heddle)' },
  roles: { type: 'string', help: 'all, or a list of gateway,scheduler,compute,messenger' },
  peer: { type: 'string', help: 'URL,URL… of other nodes' },
  'public-url': { type: 'string', help: 'URL under which others reach this node' },
  key: { type: 'string', help: 'FILE with the node’s key (default: node-key.json in --data)' },
  'compute-threads': { type: 'string', help: 'threads that evaluate (default: one a core)' },
  'evaluation-timeout-ms': { type: 'string', help: 'longest evaluation (default 10000)' },
  log: { type: 'string', help: 'info, warn, error or silent (default warn)' },
  dev: { type: 'boolean', help: 'development extras' },
}

export const upCommand: Command = {
  name: 'up',
  usage: '',
  summary: 'Start a node',
  flags: nodeFlags,
  arguments: [0, 0],
  async run({ flags }) {
    const given = flags as Readonly<Record<string, string | boolean | undefined>>
    const options = parseNodeOptions({ ...readEnvironment(), ...given })
    const node = await startNode(options, { version })
    print(`ready ${node.url}`)
    await waitForStop(node)
    return 0
  },
}
