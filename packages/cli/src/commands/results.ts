import { summarizeResult } from '@heddle/sdk/console'
import {
  type Command,
  clientFlags,
  idArgument,
  numberFlag,
  textFlag,
  usageError,
} from '../command.ts'
import { connectReader } from '../connect.ts'
import { answer, remark, withProgress } from '../output.ts'

const limitMax = 1000

export const resultsCommand: Command = {
  name: 'results',
  usage: 'PROCESS',
  summary: 'List the results of a process, the newest first',
  flags: {
    ...clientFlags,
    limit: { type: 'string', help: 'COUNT of results (default 25)' },
    sort: { type: 'string', help: 'ORDER: desc (default) or asc' },
    from: { type: 'string', help: 'CURSOR: only what is newer than it' },
    to: { type: 'string', help: 'CURSOR: only what is not newer than it' },
  },
  arguments: [1, 1],
  async run({ values: [id], flags, signal }) {
    const processId = idArgument('process', id)
    const sort = (textFlag(flags, 'sort') ?? 'desc').toUpperCase()
    if (sort !== 'ASC' && sort !== 'DESC') throw usageError(`--sort ${sort}: asc or desc`)
    const limit = numberFlag(flags, 'limit', limitMax) ?? 25
    const [from, to] = [textFlag(flags, 'from'), textFlag(flags, 'to')]
    const client = await connectReader(flags)
    const reading = client.process(processId).results({
      limit,
      sort,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      signal,
    })
    const { results, hasNextPage } = await withProgress('reading', reading)
    const value = results.map(({ slot, cursor, raw }) => ({ slot, cursor, result: raw }))
    const rows = results.map(
      (each) => `slot ${each.slot}  ${summarizeResult(each, client.address)}`,
    )
    const json = flags.json === true
    answer(json, { results: value, hasNextPage }, rows.join('\n') || 'none')
    const last = results.at(-1)?.cursor
    if (!json && hasNextPage) remark(`more: --${sort === 'ASC' ? 'from' : 'to'} ${last}`)
    return 0
  },
}
