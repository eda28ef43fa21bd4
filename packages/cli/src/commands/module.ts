import { existsSync } from 'node:fs'
import { isId } from '@heddle/protocol/base'
import { type Command, clientFlags, type Flags, textFlag, usageError } from '../command.ts'
import { connect, connectSigned } from '../connect.ts'
import { guessFormat } from '../module-format.ts'
import { answer, withProgress } from '../output.ts'
import { readInput } from './upload.ts'

async function addFile(file: string, flags: Flags): Promise<number> {
  const data = await readInput(file)
  const format = textFlag(flags, 'format') ?? guessFormat(data)
  const client = await connectSigned(flags)
  const tags = {
    'Data-Protocol': 'ao',
    Type: 'Module',
    Variant: 'ao.TN.1',
    'Module-Format': format,
    'Input-Encoding': 'JSON-1',
    'Output-Encoding': 'JSON-1',
    'Memory-Limit': textFlag(flags, 'memory-limit') ?? '1-gb',
    'Compute-Limit': '9000000000000',
    'Content-Type': 'application/wasm',
  }
  const id = await withProgress('adding the module', client.upload({ data, tags }))
  answer(flags.json === true, { id, format }, `module  ${id}  ${format}`)
  return 0
}

/** Copies a module from another node; what arrives is verified by ours before it is kept. */
async function addId(id: string, flags: Flags): Promise<number> {
  const from = textFlag(flags, 'from')
  if (from === undefined) throw usageError(`module add ${id}: say where to fetch it, --from URL`)
  const source = connect({ url: from }).transport
  const fetching = source.get(`/item/${id}`).then((response) => response.arrayBuffer())
  const bytes = await withProgress(`fetching ${id}`, fetching)
  await connect(flags).transport.post('/v1/tx', bytes, 'application/octet-stream')
  answer(flags.json === true, { id }, `module  ${id}`)
  return 0
}

async function list(flags: Flags): Promise<number> {
  const query = `{ transactions(first: 100, tags: [{name: "Data-Protocol", values: ["ao"]},
    {name: "Type", values: ["Module"]}]) { edges { node { id tags { name value } } } } }`
  const body = JSON.stringify({ query })
  const response = await connect(flags).transport.post('/graphql', body, 'application/json')
  type Node = { id: string; tags: { name: string; value: string }[] }
  const { data } = (await response.json()) as {
    data: { transactions: { edges: { node: Node }[] } }
  }
  const modules = data.transactions.edges.map(({ node }) => {
    const tag = (name: string) => node.tags.find((tag) => tag.name === name)?.value ?? ''
    return { id: node.id, format: tag('Module-Format'), name: tag('Name') }
  })
  const rows = modules.map(({ id, format, name }) => `${id}  ${format}  ${name}`.trimEnd())
  answer(flags.json === true, { modules }, rows.join('\n') || 'none yet: heddle module add FILE')
  return 0
}

export const moduleCommand: Command = {
  name: 'module',
  usage: 'add FILE|ID | list',
  summary: 'Add a WASM module from a file or another node, or list the modules',
  flags: {
    ...clientFlags,
    format: { type: 'string', help: 'its Module-Format (default: read off the file)' },
    'memory-limit': { type: 'string', help: 'its Memory-Limit (default 1-gb)' },
    from: { type: 'string', help: 'URL of a node that has the module ID' },
  },
  arguments: [1, 2],
  async run({ values: [verb, what], flags }) {
    if (verb === 'list' && what === undefined) return list(flags)
    if (verb !== 'add' || what === undefined)
      throw usageError('heddle module: add FILE|ID, or list')
    return isId(what) && !existsSync(what) ? addId(what, flags) : addFile(what, flags)
  },
}
