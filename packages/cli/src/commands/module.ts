import { existsSync } from 'node:fs'
import { HeddleError, isId } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import { createClient } from '@heddle/sdk'
import { type Command, clientFlags, type Given, textFlag, usageError } from '../command.ts'
import { checkUrl, connect, connectSigned } from '../connect.ts'
import { readInput } from '../file.ts'
import { listModules } from '../list-modules.ts'
import { guessFormat } from '../module-format.ts'
import { answer, withProgress } from '../output.ts'

async function addFile(file: string, { flags, signal }: Given): Promise<number> {
  const data = await readInput(file)
  const format = textFlag(flags, 'format') ?? guessFormat(data)
  const name = textFlag(flags, 'name')
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
    Name: name,
  }
  const id = await withProgress('adding the module', client.upload({ data, tags, signal }))
  answer(flags.json === true, { id, format }, `module  ${id}  ${format}`)
  return 0
}

/** Copies a module from another node: the very bytes its author signed, so its id stays. */
async function addId(id: string, { flags, signal }: Given): Promise<number> {
  const from = textFlag(flags, 'from')
  if (from === undefined) throw usageError(`module add ${id}: say where to fetch it, --from URL`)
  const to = connect(flags).transport
  const source = createClient({ url: checkUrl(from) })
  const item = await withProgress(`fetching ${id}`, source.item(id, signal))
  const format = tagValue(item.tags, 'Module-Format')
  if (tagValue(item.tags, 'Type') !== 'Module' || format === undefined) {
    const text = `item ${id} of ${source.url} is not a module: it lacks the tags of one`
    throw new HeddleError('module-invalid', 'invalid', text, { id })
  }
  const body = new Uint8Array(item.bytes)
  const posting = to.post('/v1/tx', body, 'application/octet-stream', signal)
  await withProgress('adding the module', posting)
  answer(flags.json === true, { id, format }, `module  ${id}  ${format}`)
  return 0
}

async function list({ flags, signal }: Given): Promise<number> {
  const modules = await withProgress('reading', listModules(connect(flags), signal))
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
    format: { type: 'string', help: 'FORMAT, its Module-Format (default: read off the file)' },
    'memory-limit': { type: 'string', help: 'SIZE, its Memory-Limit (default 1-gb)' },
    name: { type: 'string', help: 'NAME tag of the module' },
    from: { type: 'string', help: 'URL of a node that has the module ID' },
  },
  arguments: [1, 2],
  async run(given) {
    const [verb, what] = given.values
    if (verb === 'list' && what === undefined) return list(given)
    if (verb !== 'add' || what === undefined) {
      throw usageError('heddle module: add FILE|ID, or list. See: heddle module --help')
    }
    return isId(what) && !existsSync(what) ? addId(what, given) : addFile(what, given)
  },
}
